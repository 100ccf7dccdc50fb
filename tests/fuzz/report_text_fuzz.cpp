// Any bytes as a step's output: nothing of it moves the cursor or is wider than the screen, no line is lost,
// and no secret shows, wherever the output is cut.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "report/log_lines.h"
#include "report/mask.h"
#include "report/text_cells.h"

namespace report = cooper::report;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t columns = bytes[0] % 100;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);

  const std::string clean = report::clean_line(text, report::Colors::kRemove);
  if (clean.find('\x1b') != std::string::npos || clean.find('\n') != std::string::npos) std::abort();
  const std::string line = report::fit_line(text, columns);
  if (report::cell_width(line) > columns) std::abort();

  const std::size_t cut = bytes[0] % text.size();
  report::LineSplitter splitter;
  std::vector<std::string> lines;
  splitter.write(text.substr(0, cut), lines);
  splitter.write(text.substr(cut), lines);
  splitter.flush(lines);
  std::string joined;
  for (const std::string& one : lines) joined += one;
  std::string expected(text);
  std::erase_if(expected, [](char c) { return c == '\r' || c == '\n'; });
  if (joined != expected) std::abort();

  const std::string secret(text.substr(0, 6));
  const report::Masker masker({secret, "secret"});
  report::Masker::Stream stream(masker);
  std::string shown = stream.write(text.substr(0, cut));
  shown += stream.write(text.substr(cut));
  shown += stream.flush();
  if (shown != masker.mask(text)) std::abort();
  return 0;
}
