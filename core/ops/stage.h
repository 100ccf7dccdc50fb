// Turns what a TreeBuilder collected into the files and the index of a staged layer.
#pragma once

#include <vector>

#include "base/thread_pool.h"
#include "ops/tree_builder.h"
#include "snapshot/layer_store.h"

namespace cooper::ops {

// Writes the files among the additions below staging.tree() on `pool` and returns the index of all;
// LayerStore::commit() makes the rest. A file whose source is an unchanged file of another layer is
// hard-linked, everything else is copied (reflinked where the file system can). A file with a known content
// digest is hashed while it is copied: when the source changed since its key was made, that is
// Error{kContext} naming it.
snapshot::LayerIndex stage_additions(std::vector<Addition> additions, snapshot::Staging& staging,
                                     snapshot::Form form, base::ThreadPool& pool);

}  // namespace cooper::ops
