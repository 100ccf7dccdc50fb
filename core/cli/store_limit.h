// How large the local store may be: --store-limit, else COOPER_STORE_LIMIT.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/environment.h"

namespace cooper::cli {

// Bytes; store::kNoLimit for "0"; nullopt where nothing was said, which means the store's own default. Throws
// Error{kUsage}.
std::optional<std::uint64_t> requested_store_limit(const std::string& flag, const Environment& environment);

}  // namespace cooper::cli
