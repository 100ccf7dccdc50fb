// Who wins when several say something about a build: flag > COOPER_* environment > project file > adapter.
#pragma once

#include <string>
#include <vector>

#include "adapters/option.h"

namespace cooper::adapters {

// Whether a flag's values are joined by their keys.
bool has_keys(const std::string& flag);

// One build's options out of several sources', strongest first. Of a flag with one value the strongest
// counts. Flags that repeat are of two kinds: those with a key (--build-arg, --label, --secret, …) are
// joined, the strongest winning key by key; of all others (--tag, --platform, --cache-from, …) the strongest
// source that has any is taken whole. An option with the value "" in a stronger source takes the flag away.
std::vector<Option> merge_options(const std::vector<std::vector<Option>>& sources);

}  // namespace cooper::adapters
