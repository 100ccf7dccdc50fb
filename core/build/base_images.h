// Base images: names pinned to digests and their configs, with the store in front of the registry.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "build/toolbox.h"
#include "dockerfile/frontend.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

class BaseImages final : public dockerfile::ImageResolver {
 public:
  BaseImages(Toolbox& tools, snapshot::LayerStore& layers, base::ThreadPool& pool, std::stop_token stop);

  dockerfile::ResolvedImage resolve(const std::string& reference, const oci::Platform& platform) override;
  std::vector<dockerfile::ResolvedImage> resolve_all(
      const std::vector<dockerfile::BaseRequest>& requests) override;

  // Of every image resolved so far: manifest digest → its layers, declared.
  const std::map<base::Digest, snapshot::LayerStack>& stacks() const { return stacks_; }
  // Layer blob → the repository it came from, for cross-repository mounts.
  const std::map<base::Digest, oci::Reference>& repositories() const { return repositories_; }

 private:
  struct Pinned {
    oci::Reference reference;
    oci::Manifest manifest;
    oci::ImageConfig config;
  };
  Pinned pin(const std::string& reference, const oci::Platform& platform);
  std::string fetch_document(const oci::Reference& reference, const oci::Descriptor& document,
                             bool is_manifest);
  dockerfile::ResolvedImage keep(const Pinned& image);

  Toolbox& tools_;
  snapshot::LayerStore& layers_;
  base::ThreadPool& pool_;
  std::stop_token stop_;
  std::map<base::Digest, snapshot::LayerStack> stacks_;
  std::map<base::Digest, oci::Reference> repositories_;
};

}  // namespace cooper::build
