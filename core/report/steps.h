// What is known about a build's steps from the events so far: the model behind the plain and the live
// display.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/events.h"
#include "report/log_lines.h"

namespace cooper::report {

using TimePoint = base::Clock::time_point;

double seconds_between(TimePoint from, TimePoint to);

// A download or an upload that belongs to a step.
struct Transfer {
  std::string name;
  std::uint64_t current = 0;  // bytes
  std::uint64_t total = 0;    // bytes; 0: unknown
  TimePoint started;
  TimePoint shown;  // for renderers that show it now and then
  bool finished = false;
};

struct Step {
  enum class State { kPlanned, kRunning, kDone, kCached, kFailed, kCancelled };

  int vertex = -1;
  std::string name;
  base::SourceRange range;
  State state = State::kPlanned;
  TimePoint started;
  TimePoint ended;
  TimePoint last_sign;      // of life: output or progress
  std::string text;         // where the cached result is from, or why it failed
  std::string explanation;  // why it was not answered from the cache, where that was asked for
  LogTail tail;
  std::vector<Transfer> transfers;

  bool finished() const { return state > State::kRunning; }
  double seconds(TimePoint now) const;

 private:
  friend class Steps;
  std::array<LineSplitter, 2> splitters_;
};

// "[builder 2/5] RUN make" in its parts: "builder", "2/5", "RUN make". Parts that are not there are empty.
struct StepName {
  std::string stage;
  std::string position;
  std::string rest;
};
StepName split_step_name(const std::string& name);

class Steps {
 public:
  // Takes in `event` and returns the lines of output that it completed.
  std::vector<std::string> apply(const base::Event& event);

  // Null for an unknown vertex and for the build as a whole.
  Step* find(int vertex);
  std::map<int, Step>& all() { return steps_; }
  const Step* first_failed() const;
  std::size_t finished() const;
  TimePoint began() const { return began_; }

 private:
  void end(Step& step, Step::State state, const base::Event& event, std::vector<std::string>& lines);
  static void move(Step& step, const base::Event& event);

  std::map<int, Step> steps_;  // by vertex: the order of the definition
  int failed_ = -1;
  bool any_ = false;
  TimePoint began_;
};

}  // namespace cooper::report
