// The lines of the live display, chosen to fit the screen.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/output.h"
#include "report/steps.h"

namespace cooper::report {

struct FrameLine {
  enum class Style { kNormal, kRunning, kDone, kCached, kFailed, kFaint };

  std::string left;
  std::string right;  // in the last columns: a time, "CACHED"
  Style style = Style::kNormal;
};

// The steps grouped by stage. At most `size.rows` - 1 lines: what ended first gives way first, then output,
// then what runs.
std::vector<FrameLine> live_frame(Steps& steps, TimePoint now, const char* title, TerminalSize size);
// All steps that began or were cached, whatever the size.
std::vector<FrameLine> final_frame(Steps& steps, TimePoint now, const char* title);

// The line in `columns` cells, with colours if wanted.
std::string paint(const FrameLine& line, std::size_t columns, bool color);

}  // namespace cooper::report
