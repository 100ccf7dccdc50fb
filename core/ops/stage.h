// Turns what a TreeBuilder collected into the files and the index of a staged layer.
#pragma once

#include <vector>

#include "base/thread_pool.h"
#include "ops/tree_builder.h"
#include "snapshot/layer_store.h"

namespace cooper::ops {

// Whether the layer will be mounted: a step runs on it, or has it as a mount.
enum class LayerUse { kMounted, kOnlyRead };

// Writes the files among the additions to `staging` on `pool` and returns the index of all;
// LayerStore::commit() makes the rest. Many small files of a layer that is only read go into its pack; else
// each goes below staging.tree(), where a file whose source is an unchanged file of another layer is
// hard-linked, and everything else is copied (reflinked where the file system can). A file with a known
// content digest is hashed while it is copied: when the source changed since its key was made, that is
// Error{kContext} naming it.
snapshot::LayerIndex stage_additions(std::vector<Addition> additions, snapshot::Staging& staging,
                                     snapshot::Form form, LayerUse use, base::ThreadPool& pool);

}  // namespace cooper::ops
