// A name before each line, for several builds that share one log.
#pragma once

#include <string>

#include "report/output.h"

namespace cooper::report {

class LabelledOutput final : public Output {
 public:
  // `next` is borrowed, and is written to by several at once.
  LabelledOutput(Output& next, const std::string& label) : next_(next), prefix_(label + " | ") {}

  void write(std::string_view text) override;
  // Lines of several builds do not share a live display.
  bool is_terminal() const override { return false; }
  bool has_color() const override { return next_.has_color(); }
  TerminalSize size() const override { return next_.size(); }

 private:
  Output& next_;
  const std::string prefix_;
  bool in_line_ = false;  // the last write did not end its line
};

}  // namespace cooper::report
