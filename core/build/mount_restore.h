// A saved cache mount becomes a directory again.
#pragma once

#include <stop_token>
#include <string>

#include "cache/mount_saves.h"
#include "snapshot/layer.h"
#include "snapshot/layer_index.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

// Fetches the layers of `save`, verifies them, and applies them in order; `tree`, an empty directory, is
// filled when all of that went well, and stays empty otherwise. Returns what it holds then. Throws
// Error{kCorrupt} for what is not what its digest says or holds what no mount may, as `open` for what cannot
// be had, and Error{kIo}.
snapshot::LayerIndex restore_mount(const cache::MountSave& save, const snapshot::BlobOpener& open,
                                   snapshot::LayerStore& layers, const std::string& tree,
                                   const std::stop_token& stop);

}  // namespace cooper::build
