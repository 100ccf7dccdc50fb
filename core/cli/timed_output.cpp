#include "cli/timed_output.h"

#include <algorithm>

#include "oci/image_config.h"

namespace cooper::cli {

void TimedOutput::write(std::string_view text) {
  const std::string prefix = oci::rfc3339(std::chrono::system_clock::to_time_t(now_())) + " ";
  std::string timed;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!in_line_) timed += prefix;
    timed += text.substr(0, end);
    in_line_ = timed.back() != '\n';
    text.remove_prefix(end);
  }
  next_.write(timed);
}

}  // namespace cooper::cli
