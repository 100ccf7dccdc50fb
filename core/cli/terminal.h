// The terminal, or whatever standard error is, as report/ wants to see it.
#pragma once

#include "cli/environment.h"
#include "report/output.h"

namespace cooper::cli {

class Terminal final : public report::Output {
 public:
  // Writes to `fd` (borrowed). In colour on a terminal, and with FORCE_COLOR (any value but 0) or
  // `log_colour` also elsewhere; never with NO_COLOR.
  Terminal(int fd, const Environment& environment, bool log_colour = false);

  void write(std::string_view text) override;
  bool is_terminal() const override { return is_terminal_; }
  bool has_color() const override { return has_color_; }
  report::TerminalSize size() const override;

 private:
  int fd_;
  bool is_terminal_;
  bool has_color_;
};

}  // namespace cooper::cli
