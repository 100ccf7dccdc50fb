#include "image/sealer.h"

namespace cooper::image {

Sealer::Sealer(snapshot::LayerStore& layers, snapshot::SealOptions options, OnSealed on_sealed,
               std::size_t workers)
    : layers_(layers), options_(options), on_sealed_(std::move(on_sealed)), pool_(workers) {}

Sealer::~Sealer() {
  stop_.request_stop();
}

std::shared_future<snapshot::SealedLayer> Sealer::enqueue(const snapshot::LayerPtr& layer) {
  std::scoped_lock lock(mutex_);
  auto [slot, is_new] = by_layer_.try_emplace(layer->id());
  if (is_new) {
    slot->second = pool_
                       .submit([this, layer] {
                         snapshot::SealedLayer sealed =
                             layers_.seal(*layer, options_, nullptr, stop_.get_token());
                         if (on_sealed_) on_sealed_(layer, sealed, stop_.get_token());
                         return sealed;
                       })
                       .share();
  }
  return slot->second;
}

void Sealer::start(const snapshot::LayerPtr& layer) {
  enqueue(layer);
}

snapshot::SealedLayer Sealer::wait(const snapshot::LayerPtr& layer, const std::stop_token& stop) {
  std::shared_future<snapshot::SealedLayer> sealed = enqueue(layer);
  std::stop_callback forward(stop, [this] { stop_.request_stop(); });
  return sealed.get();
}

}  // namespace cooper::image
