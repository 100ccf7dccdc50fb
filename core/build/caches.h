// The caches of one build: where it looks, where it writes, and what it heard in between.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/thread_pool.h"
#include "build/cache_exports.h"
#include "build/cache_places.h"
#include "build/cached_blobs.h"
#include "build/mount_caches.h"
#include "build/outputs.h"
#include "build/request.h"
#include "build/toolbox.h"
#include "cache/records.h"
#include "image/assemble.h"
#include "oci/image_config.h"
#include "ops/services.h"
#include "registry/blob_places.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

class BuildCaches {
 public:
  // Opens what the request names; `pool` compresses cache mounts. Throws Error{kUsage}; asks nobody anything.
  BuildCaches(const BuildRequest& request, Toolbox& tools, snapshot::LayerStore& layers,
              base::ThreadPool& pool, std::shared_ptr<registry::BlobPlaces> places, cache::Warn warn);

  // The local store's records, then the imports; and who keeps cache mounts.
  void fill(ops::Services& services);
  const std::vector<CacheExport>& exports() const { return exports_; }
  MountCaches& mounts() { return *mounts_; }
  // The blobs of a cache are the image's own, so both have one form: that of the outputs, or where these have
  // none, that of the cache. Throws Error{kUsage} when they contradict each other.
  void settle_compression(Outputs& outputs) const;

  // What ops::Services::on_record hears.
  void hear(int vertex, const cache::Record& record, const snapshot::LayerPtr& layer,
            const std::string& origin);
  // When all is written: puts directories in order. A failure is a warning.
  void finish_places();
  // With type=inline, adds the records of the image's layers to its config. `steps` are the vertices that
  // made the topmost of `layers`, in order.
  void add_inline_records(const std::vector<int>& steps, const std::vector<image::ImageLayer>& layers,
                          oci::ImageConfig& config) const;

 private:
  bool writes_inline() const;

  cache::Warn warn_;
  CachedBlobs blobs_;
  std::shared_ptr<registry::BlobPlaces> places_;
  std::unique_ptr<cache::Records> local_;
  std::vector<CacheImport> imports_;
  std::vector<CacheExport> exports_;
  base::Guarded<std::map<int, cache::Record>> inline_records_;  // by vertex
  std::unique_ptr<MountCaches> mounts_;                         // last: it uses the others while it saves
};

}  // namespace cooper::build
