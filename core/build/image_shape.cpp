#include "build/image_shape.h"

#include <algorithm>

#include "ops/squash.h"

namespace cooper::build {

namespace {

// The last one keeps its layer.
void keep_last_layer(std::size_t base_history, oci::ImageConfig& config) {
  bool is_kept = false;
  for (std::size_t i = config.history.size(); i-- > base_history;) {
    oci::History& entry = config.history[i];
    if (entry.empty_layer) continue;
    entry.empty_layer = is_kept;
    is_kept = true;
  }
}

}  // namespace

void shape_layers(const ImageShape& shape, std::size_t base_layers, std::size_t base_history,
                  std::vector<image::ImageLayer>& layers, oci::ImageConfig& config,
                  snapshot::LayerStore& store, base::ThreadPool& pool, const std::stop_token& stop) {
  if (layers.size() <= base_layers) return;
  if (!shape.single_layer) {
    for (std::size_t i = base_layers; i < layers.size(); ++i)
      layers[i].layer = ops::squash({layers[i].layer}, shape.left_out, store, pool, stop);
    return;
  }
  snapshot::LayerStack made;
  std::int64_t created = 0;
  for (std::size_t i = base_layers; i < layers.size(); ++i) {
    made.push_back(layers[i].layer);
    created = std::max(created, layers[i].created);
  }
  layers.resize(base_layers);
  layers.push_back({ops::squash(made, shape.left_out, store, pool, stop), {}, created});
  keep_last_layer(base_history, config);
}

}  // namespace cooper::build
