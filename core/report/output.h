// Where progress is shown. Only the command line knows file descriptors and the environment; tests have their
// own.
#pragma once

#include <string_view>

namespace cooper::report {

struct TerminalSize {
  int columns = 80;
  int rows = 24;
};

class Output {
 public:
  virtual ~Output() = default;
  // Writes at once, without buffering; called from one thread at a time. Must not throw: a build does not
  // fail because nobody reads its log.
  virtual void write(std::string_view text) = 0;
  virtual bool is_terminal() const = 0;   // cursor movements are understood
  virtual bool has_color() const = 0;     // false under NO_COLOR
  virtual TerminalSize size() const = 0;  // asked for every frame, so that resizing works
};

}  // namespace cooper::report
