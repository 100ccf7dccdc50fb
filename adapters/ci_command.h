// cooper ci: builds by what the CI around us says.
#pragma once

#include <string>

#include "adapters/ci_plan.h"
#include "cli/environment.h"

namespace CLI {
class App;
}

namespace cooper::adapters {

struct CiFlags {
  enum class Action { kBuild, kEnv, kExplain };
  Action action = Action::kBuild;
  CiRequest request;
  bool json = false;  // env, explain
};

void add_ci_flags(CLI::App& app, CiFlags& flags);

// `ci build` builds all images of the plan side by side and hands results back in the CI's own way; `ci env`
// prints the record, `ci explain` each option with its value and origin. Returns the exit code.
int run_ci_command(const CiFlags& flags, const cli::Environment& environment);

}  // namespace cooper::adapters
