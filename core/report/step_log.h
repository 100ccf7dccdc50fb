// What became of each step: heard on the way of events to another sink, for the summary and the result file.
#pragma once

#include <string>
#include <vector>

#include "base/events.h"
#include "base/guarded.h"

namespace cooper::report {

struct StepTime {
  std::string name;
  double seconds = 0;
};

struct LoggedStep {
  enum class End { kNone, kRan, kCached, kFailed, kCancelled };

  std::string name;  // "[builder 2/5] RUN make"
  base::SourceRange range;
  End end = End::kNone;
  std::string cache;        // where it was found
  std::string explanation;  // why it was not
  std::string error;
  double seconds = -1;  // how long it ran; -1: it did not
  base::Clock::time_point started;
};

class StepLog final : public base::EventSink {
 public:
  explicit StepLog(base::EventSink& next) : next_(next) {}
  void emit(base::Event event) override;

  // By vertex; those that were never planned have no name.
  std::vector<LoggedStep> steps() const;
  std::vector<std::string> warnings() const;
  // The `count` steps that took longest, longest first.
  std::vector<StepTime> slowest(std::size_t count) const;

 private:
  struct Heard {
    std::vector<LoggedStep> steps;
    std::vector<std::string> warnings;
  };
  static void note(const base::Event& event, LoggedStep& step);

  base::EventSink& next_;
  base::Guarded<Heard> heard_;
};

}  // namespace cooper::report
