// How much of a disk a layer's tree takes, from its index: known when it is published, without a walk.
#pragma once

#include <cstdint>

#include "snapshot/layer_index.h"

namespace cooper::snapshot {

// Bytes, about: contents in whole blocks, and what inodes and directories take. The same in every form.
std::uint64_t disk_size(const LayerIndex& index);

}  // namespace cooper::snapshot
