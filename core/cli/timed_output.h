// The time of day before each line of a log, UTC, as Kaniko's --log-timestamp puts it there.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "report/output.h"

namespace cooper::cli {

class TimedOutput final : public report::Output {
 public:
  using Now = std::function<std::chrono::system_clock::time_point()>;

  // `next` is borrowed.
  explicit TimedOutput(report::Output& next, Now now = std::chrono::system_clock::now)
      : next_(next), now_(std::move(now)) {}

  void write(std::string_view text) override;
  // Lines with a time each are no live display.
  bool is_terminal() const override { return false; }
  bool has_color() const override { return next_.has_color(); }
  report::TerminalSize size() const override { return next_.size(); }

 private:
  report::Output& next_;
  const Now now_;
  bool in_line_ = false;  // the last write did not end its line
};

}  // namespace cooper::cli
