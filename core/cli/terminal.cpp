#include "cli/terminal.h"

#include <cerrno>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cooper::cli {

namespace {

bool is_forced(const Environment& environment) {
  const std::string value = environment.get("FORCE_COLOR");
  return !value.empty() && value != "0";
}

}  // namespace

Terminal::Terminal(int fd, const Environment& environment, bool log_colour)
    : fd_(fd),
      is_terminal_(::isatty(fd) == 1 && environment.get("TERM") != "dumb"),
      has_color_(environment.get("NO_COLOR").empty() &&
                 (is_terminal_ || log_colour || is_forced(environment))) {}

void Terminal::write(std::string_view text) {
  while (!text.empty()) {
    ssize_t count = ::write(fd_, text.data(), text.size());
    if (count < 0 && errno != EINTR) return;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
}

report::TerminalSize Terminal::size() const {
  winsize window{};
  report::TerminalSize size;
  if (::ioctl(fd_, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
    size.columns = window.ws_col;
    size.rows = window.ws_row;
  }
  return size;
}

}  // namespace cooper::cli
