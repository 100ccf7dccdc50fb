// The layers of an image where they are not to be those of its steps.
#pragma once

#include <cstddef>
#include <stop_token>
#include <vector>

#include "base/thread_pool.h"
#include "build/request.h"
#include "image/assemble.h"
#include "oci/image_config.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

// Replaces the layers above the first `base_layers`, and says in `config` which of the history entries above
// the first `base_history` have none any more.
void shape_layers(const ImageShape& shape, std::size_t base_layers, std::size_t base_history,
                  std::vector<image::ImageLayer>& layers, oci::ImageConfig& config,
                  snapshot::LayerStore& store, base::ThreadPool& pool, const std::stop_token& stop);

}  // namespace cooper::build
