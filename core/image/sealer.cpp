#include "image/sealer.h"

#include "base/trace.h"

namespace cooper::image {
namespace {

class FanOut final : public base::ByteSink {
 public:
  explicit FanOut(const Sealer::Receivers& receivers) : receivers_(receivers) {}
  void write(base::ByteSpan data) override {
    for (const auto& receiver : receivers_) receiver->write(data);
  }

 private:
  const Sealer::Receivers& receivers_;
};

}  // namespace

Sealer::Sealer(snapshot::LayerStore& layers, snapshot::SealOptions options, OpenReceivers open_receivers,
               std::size_t workers)
    : layers_(layers), options_(options), open_receivers_(std::move(open_receivers)), pool_(workers) {}

Sealer::~Sealer() {
  stop_.request_stop();
}

std::shared_future<snapshot::SealedLayer> Sealer::enqueue(const snapshot::LayerPtr& layer) {
  std::scoped_lock lock(mutex_);
  auto [slot, is_new] = by_layer_.try_emplace(layer->id());
  if (is_new) {
    slot->second = pool_.submit([this, layer] { return deliver(layer); }).share();
  }
  return slot->second;
}

snapshot::SealedLayer Sealer::deliver(const snapshot::LayerPtr& layer) {
  Receivers receivers;
  if (open_receivers_) receivers = open_receivers_(layer, stop_.get_token());
  FanOut tee(receivers);
  snapshot::SealedLayer sealed = layers_.seal(*layer, options_, &tee, stop_.get_token());
  const base::Span span("layer", "hand to outputs", layer->id());
  for (const auto& receiver : receivers) receiver->complete(sealed);
  return sealed;
}

void Sealer::start(const snapshot::LayerPtr& layer) {
  enqueue(layer);
}

snapshot::SealedLayer Sealer::wait(const snapshot::LayerPtr& layer, const std::stop_token& stop) {
  std::shared_future<snapshot::SealedLayer> sealed = enqueue(layer);
  std::stop_callback forward(stop, [this] { stop_.request_stop(); });
  const base::Span span("wait", "for a layer to be sealed", layer->id());
  return sealed.get();
}

}  // namespace cooper::image
