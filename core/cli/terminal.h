// The terminal, or whatever standard error is, as report/ wants to see it.
#pragma once

#include "cli/environment.h"
#include "report/output.h"

namespace cooper::cli {

class Terminal final : public report::Output {
 public:
  // Writes to `fd` (borrowed).
  Terminal(int fd, const Environment& environment);

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
