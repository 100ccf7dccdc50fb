#include "build/cached_blobs.h"

#include "os/fd.h"
#include "store/store.h"

namespace cooper::build {

void CachedBlobs::add(const snapshot::LayerPtr& layer) {
  if (!layer->origin()) return;
  by_blob_.with([&](auto& layers) { layers.insert_or_assign(layer->origin()->blob.digest, layer); });
}

void CachedBlobs::add(const base::Digest& blob, snapshot::BlobOpener opener) {
  openers_.with([&](auto& openers) { openers.insert_or_assign(blob, std::move(opener)); });
}

snapshot::BlobOpener CachedBlobs::opener_of(const base::Digest& blob) const {
  return openers_.with([&](const auto& openers) {
    const auto found = openers.find(blob);
    return found == openers.end() ? snapshot::BlobOpener() : found->second;
  });
}

bool CachedBlobs::knows(const oci::Descriptor& blob) const {
  return layers_.store().has_blob(blob.digest, blob.size) || opener_of(blob.digest);
}

std::unique_ptr<base::ByteSource> CachedBlobs::open(const oci::Descriptor& blob,
                                                    const std::stop_token& stop) {
  snapshot::LayerPtr layer = by_blob_.with([&](const auto& layers) {
    const auto found = layers.find(blob.digest);
    return found == layers.end() ? nullptr : found->second;
  });
  if (layer != nullptr) layers_.fetch_blob(*layer, stop);
  const snapshot::BlobOpener opener = opener_of(blob.digest);
  if (opener && !layers_.store().has_blob(blob.digest, blob.size)) return opener(blob, stop);
  return std::make_unique<os::FileSource>(layers_.store().open_blob(blob.digest), blob.digest.str());
}

cache::BlobProvider CachedBlobs::provider() {
  return {[this](const oci::Descriptor& blob, const std::stop_token& stop) { return open(blob, stop); },
          [this](const oci::Descriptor& blob, const oci::Reference& repository) {
            return places_.contains(blob.digest, repository);
          },
          [this](const oci::Descriptor& blob, const oci::Reference& target) {
            return places_.mount_source(blob.digest, target);
          }};
}

}  // namespace cooper::build
