// The bytes of layers for caches that are to keep them: from the store, else from where the layer is declared
// to be.
#pragma once

#include <map>

#include "base/guarded.h"
#include "cache/blobs.h"
#include "registry/blob_places.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

class CachedBlobs {
 public:
  CachedBlobs(snapshot::LayerStore& layers, const registry::BlobPlaces& places)
      : layers_(layers), places_(places) {}

  // Remembers a layer that may have to be fetched.
  void add(const snapshot::LayerPtr& layer);
  // The same for one that is no step's, such as a cache mount's.
  void add(const base::Digest& blob, snapshot::BlobOpener opener);
  // Whether there is somewhere to have it from.
  bool knows(const oci::Descriptor& blob) const;
  // Refers to this.
  cache::BlobProvider provider();

 private:
  std::unique_ptr<base::ByteSource> open(const oci::Descriptor& blob, const std::stop_token& stop);

  snapshot::BlobOpener opener_of(const base::Digest& blob) const;

  snapshot::LayerStore& layers_;
  const registry::BlobPlaces& places_;
  base::Guarded<std::map<base::Digest, snapshot::LayerPtr>> by_blob_;
  base::Guarded<std::map<base::Digest, snapshot::BlobOpener>> openers_;
};

}  // namespace cooper::build
