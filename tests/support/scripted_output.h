// An Output that records what is written, of a size and with abilities that the test sets.
#pragma once

#include <string>
#include <string_view>

#include "report/output.h"

namespace cooper::support {

class ScriptedOutput final : public report::Output {
 public:
  void write(std::string_view text) override {
    text_ += text;
    ++writes_;
  }
  bool is_terminal() const override { return terminal; }
  bool has_color() const override { return color; }
  report::TerminalSize size() const override { return terminal_size; }

  const std::string& text() const { return text_; }
  int writes() const { return writes_; }
  void clear() { text_.clear(); }

  bool terminal = false;
  bool color = false;
  report::TerminalSize terminal_size;

 private:
  std::string text_;
  int writes_ = 0;
};

}  // namespace cooper::support
