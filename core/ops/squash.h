// Several layers as one, and layers without some of their files.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "snapshot/layer_store.h"

namespace cooper::ops {

// One layer that leaves upon whatever is below the same tree as `layers` (base first, at least one) do, but
// for `left_out`: absolute paths that are, with all below, in it neither as files nor as removed ones. Brings
// the layers' bytes when they are not here yet; what is below them is not looked at, so a file that they make
// and remove again is in it as a removed one.
snapshot::LayerPtr squash(const snapshot::LayerStack& layers, const std::vector<std::string>& left_out,
                          snapshot::LayerStore& store, base::ThreadPool& pool, const std::stop_token& stop);

}  // namespace cooper::ops
