// What became of each step: heard on the way of events to another sink, for the summary and the result file.
#pragma once

#include <cstddef>
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
  std::string output;   // the end of what it printed, at most kKeptOutput bytes
  double seconds = -1;  // how long it ran; -1: it did not
  base::Clock::time_point started;
};

// Bytes of a step's output that are kept: enough for a compiler's complaint, little for a build of many
// steps.
constexpr std::size_t kKeptOutput = 8192;

// "ran", "cached", "failed", "cancelled", "not needed".
const char* name_of(LoggedStep::End end);

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
