// What remains to be said when a build is over: one line, and which steps took longest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "report/step_log.h"

namespace cooper::report {

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

}  // namespace cooper::report
