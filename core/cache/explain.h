// Why a step ran.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/record.h"
#include "solver/interfaces.h"

namespace cooper::cache {

// A cache that did not answer, and why.
struct Outage {
  std::string cache;
  std::string why;
};

// One line: "src/main.go changed", "ARG VERSION changed, env PATH changed", "never built here before",
// "--no-cache", "evicted", each with the caches that could not be asked. At most three differing ingredients
// are named, then "and N more".
std::string explain_miss(const solver::Key& key, const std::optional<Record>& earlier, bool ignore_cache,
                         const std::vector<Outage>& outages = {});

}  // namespace cooper::cache
