// What happens to the store when a build is over.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "build/toolbox.h"
#include "store/gc.h"

namespace cooper::build {

// Everything that collecting needs to know of records.
store::GcOptions gc_options();

// Collects down to `limit` bytes; by default that of the store (store::default_limit), store::kNoLimit for
// none. Says in one note what was removed, and what stays above the limit because other builds use it. The
// build was good or bad before: a store that cannot be collected is a warning.
void limit_store(Toolbox& tools, std::optional<std::uint64_t> limit, const std::stop_token& stop);

}  // namespace cooper::build
