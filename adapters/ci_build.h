// `cooper ci build`: all images of a plan side by side in one process, and their results handed back.
#pragma once

#include <functional>

#include "adapters/ci_plan.h"
#include "cli/environment.h"

namespace cooper::adapters {

// `make_plan` fills `plan`. Equal steps of several images run once. Results are written whether all went well
// or not, also when the plan cannot be made: a CI that misses them shows that instead of the error. Returns
// the exit code: of the first image that failed, in the plan's order. Throws what `make_plan` throws.
int run_ci_build(const std::function<void()>& make_plan, const CiPlan& plan, const Job& job,
                 const cli::Environment& environment);

}  // namespace cooper::adapters
