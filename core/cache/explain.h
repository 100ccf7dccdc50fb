// Why a step ran.
#pragma once

#include <optional>
#include <string>

#include "cache/record.h"
#include "solver/interfaces.h"

namespace cooper::cache {

// One line: "src/main.go changed", "ARG VERSION changed, env PATH changed", "never built here before",
// "--no-cache". At most three differing ingredients are named, then "and N more".
std::string explain_miss(const solver::Key& key, const std::optional<Record>& earlier, bool ignore_cache);

}  // namespace cooper::cache
