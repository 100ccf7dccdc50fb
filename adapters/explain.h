// What `cooper ci explain` says: where every option comes from, and who we are to the registries it names.
#pragma once

#include <string>

#include "adapters/ci_plan.h"
#include "cli/environment.h"

namespace cooper::adapters {

// For people. Credentials are looked for, and told without their values.
std::string explain_text(const CiPlan& plan, const cli::Environment& environment);
// {"ci","notes":[…],"images":[{"name","options":[{"flag","value","origin"}]}]}
std::string explain_json(const CiPlan& plan);

}  // namespace cooper::adapters
