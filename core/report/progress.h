// Shows a build while it runs: plain lines, a live display, JSON, or nothing.
//
// The sink may be given events from any thread. Secrets are masked here, before anything sees the text. A
// timer thread of its own redraws and says that silent steps still run; it ends with finish().
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/events.h"
#include "report/mask.h"
#include "report/output.h"
#include "report/renderer.h"

namespace cooper::report {

enum class ProgressMode { kAuto, kPlain, kTty, kJson, kQuiet };

// "auto", "plain", "tty", "json" or "rawjson", "quiet"; nullopt for anything else.
std::optional<ProgressMode> parse_progress_mode(std::string_view text);

struct ProgressOptions {
  std::shared_ptr<const Masker> masker;  // null: nothing is secret
  SourceReader sources;                  // the Dockerfile's text, for excerpts
  bool timer = true;                     // false: only what events cause is shown (tests)
};

class Progress : public base::EventSink {
 public:
  // Shows the end of the build, with the block about `failure` if there is one; later events are dropped.
  // Without this call the destructor ends the display as after a good build.
  virtual void finish(const base::Error* failure) = 0;
};

// `output` must outlive the result. kAuto is the live display on a terminal, plain lines elsewhere.
std::unique_ptr<Progress> make_progress(ProgressMode mode, Output& output, ProgressOptions options);

}  // namespace cooper::report
