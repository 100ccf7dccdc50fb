// What an output that works from the store's blobs does with a layer. Private to exporter.
#pragma once

#include <stop_token>
#include <utility>

#include "image/sealer.h"
#include "snapshot/layer_store.h"

namespace cooper::exporter {

// Makes sure that the layer's blob is in the store: one made here has its blob since it was sealed.
class BlobFetcher final : public image::LayerReceiver {
 public:
  BlobFetcher(snapshot::LayerStore& layers, snapshot::LayerPtr layer, std::stop_token stop)
      : layers_(layers), layer_(std::move(layer)), stop_(std::move(stop)) {}
  void complete(const snapshot::SealedLayer& sealed) override {
    layers_.require_blob(*layer_, sealed, stop_);
  }

 private:
  snapshot::LayerStore& layers_;
  snapshot::LayerPtr layer_;
  std::stop_token stop_;
};

}  // namespace cooper::exporter
