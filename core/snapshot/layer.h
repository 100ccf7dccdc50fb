// Layers: immutable, shared, and as lazy as possible.
//
// A layer is known by an id. Layers of images have the id of their diffID ("sha256-<hex>"), declared from a
// manifest without fetching anything; layers made here have a random id until and after they are sealed.
// index() and tree() need the layer to be materialised first (LayerStore::materialize), which fetches and
// unpacks the blob.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "oci/descriptor.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {

// Opens the compressed bytes of a blob that the store does not have: a registry, a cache backend. Called at
// most once at a time per layer, from any thread.
using BlobOpener =
    std::function<std::unique_ptr<base::ByteSource>(const oci::Descriptor&, const std::stop_token&)>;

// A layer as an image names it.
struct SealedLayer {
  base::Digest diff_id;        // of the uncompressed tar
  oci::Descriptor blob;        // of the compressed tar
  std::int64_t max_mtime = 0;  // the newest time in it, seconds since the epoch
};

class Layer {
 public:
  const std::string& id() const { return id_; }
  // Present for layers that came from an image.
  const std::optional<SealedLayer>& origin() const { return origin_; }
  const BlobOpener& opener() const { return opener_; }
  // Both throw Error{kInternal} before the layer is materialised.
  const LayerIndex& index() const;
  const std::string& tree() const;  // directory with the bytes, in this process's form
  bool materialized() const;

 private:
  friend class LayerStore;
  std::string id_;
  std::optional<SealedLayer> origin_;
  BlobOpener opener_;
  mutable std::mutex
      mutex_;  // guards the two below while they are being made, and single-flights materialize()
  std::shared_ptr<const LayerIndex> index_;
  std::string tree_;
};

using LayerPtr = std::shared_ptr<Layer>;
// Base first.
using LayerStack = std::vector<LayerPtr>;

}  // namespace cooper::snapshot
