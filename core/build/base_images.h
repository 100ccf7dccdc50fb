// Base images: names pinned to digests and their configs, with the store in front of the registry, or of an
// OCI layout on disk.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "build/toolbox.h"
#include "build/warm_blobs.h"
#include "dockerfile/frontend.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/blob_places.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

class BaseImages final : public dockerfile::ImageResolver {
 public:
  BaseImages(Toolbox& tools, snapshot::LayerStore& layers, base::ThreadPool& pool, std::stop_token stop);

  // `reference` is an image's name, or "oci-layout://path[:tag|@digest]".
  dockerfile::ResolvedImage resolve(const std::string& reference, const oci::Platform& platform) override;
  std::vector<dockerfile::ResolvedImage> resolve_all(
      const std::vector<dockerfile::BaseRequest>& requests) override;

  // Of every image resolved so far: manifest digest → its layers, declared.
  const std::map<base::Digest, snapshot::LayerStack>& stacks() const { return stacks_; }
  // Where layers come from, and where else they turn out to be.
  const std::shared_ptr<registry::BlobPlaces>& places() const { return places_; }
  // When the image was made, seconds since the epoch; nullopt when its config does not say.
  std::optional<std::int64_t> created(const base::Digest& manifest) const;
  // The newest of all of them.
  std::optional<std::int64_t> newest_created() const;

 private:
  // Where an image is read from.
  struct Origin {
    std::string shown;         // as people write it
    std::string canonical;     // without digest
    oci::Descriptor document;  // what the name means: a manifest or an index
    std::function<std::string(const oci::Descriptor&, bool is_manifest)> read_document;
    snapshot::BlobOpener open_blob;
    std::optional<oci::Reference> repository;  // of a registry
  };
  struct Pinned {
    Origin origin;
    oci::Manifest manifest;
    oci::ImageConfig config;
  };
  Pinned pin(const std::string& name, const oci::Platform& platform);
  Origin in_registry(const std::string& name);
  static Origin in_layout(const std::string& text, const oci::Platform& platform);
  std::string read_from_registry(const oci::Reference& reference, const oci::Descriptor& document,
                                 bool is_manifest) const;
  std::string read_document(const Origin& origin, const oci::Descriptor& document, bool is_manifest) const;
  dockerfile::ResolvedImage keep(const Pinned& image);

  Toolbox& tools_;
  std::shared_ptr<const WarmBlobs> warm_;
  snapshot::LayerStore& layers_;
  base::ThreadPool& pool_;
  std::stop_token stop_;
  std::map<base::Digest, snapshot::LayerStack> stacks_;
  std::map<base::Digest, std::int64_t> created_;
  std::shared_ptr<registry::BlobPlaces> places_ = std::make_shared<registry::BlobPlaces>();
};

}  // namespace cooper::build
