// `cooper cache export` and `import`: the results of steps, from the local store to another cache and back.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "build/request.h"
#include "build/toolbox.h"

namespace cooper::build {

// Writes every result that the store has to `place`, as --cache-to spells it; layers are sealed where they
// are not yet. One line for people. Throws Error{kUsage} for a place that is none, and what writing throws.
std::string export_cache(const CachePlace& place, Toolbox& tools, const std::stop_token& stop);

// Brings every result that `place`, as --cache-from spells it, has into the store, with its layer's blob.
// Those that are damaged are warnings. One line for people.
std::string import_cache(const CachePlace& place, Toolbox& tools, const std::stop_token& stop);

}  // namespace cooper::build
