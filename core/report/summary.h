// What remains to be said when a build is over: one line, and which steps took longest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/events.h"
#include "base/guarded.h"

namespace cooper::report {

struct StepTime {
  std::string name;
  double seconds = 0;
};

struct Summary {
  double seconds = 0;
  int steps_run = 0;
  int steps_cached = 0;
  std::optional<base::Digest> image;  // none: nothing was made that has a digest
  std::uint64_t image_size = 0;       // bytes, compressed
};

// "built in 12.3s: 8 steps ran, 4 cached, image sha256:… 34 MB", without a line break.
std::string summary_line(const Summary& summary);
// "slowest: RUN make 40.1s, RUN test 12.0s", or "" when no step took a second.
std::string slowest_line(const std::vector<StepTime>& slowest);

// Measures steps on their way to another sink.
class StepClock final : public base::EventSink {
 public:
  explicit StepClock(base::EventSink& next) : next_(next) {}
  void emit(base::Event event) override;

  // The `count` steps that took longest, longest first.
  std::vector<StepTime> slowest(std::size_t count) const;

 private:
  struct Step {
    std::string name;
    base::Clock::time_point started;
    double seconds = -1;
  };
  base::EventSink& next_;
  base::Guarded<std::vector<Step>> steps_;  // by vertex
};

}  // namespace cooper::report
