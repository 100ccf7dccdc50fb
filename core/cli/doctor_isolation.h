// The part of `cooper doctor` that says how RUN works on this machine, as text.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"
#include "sandbox/tier.h"

namespace cooper::cli {

// One paragraph a tier, best first: whether it works, what is missing and what would allow it.
std::string render_tiers(const std::vector<sandbox::TierReport>& reports);

// "RUN steps use ...", what that means, and, where steps have no namespaces of their own, the settings that
// would give them: those of the CI or the container that `environment` tells of, else of all.
std::string render_choice(const std::vector<sandbox::TierReport>& reports, const Environment& environment);

// The first that works; nullptr where none does.
const sandbox::TierReport* chosen_tier(const std::vector<sandbox::TierReport>& reports);

}  // namespace cooper::cli
