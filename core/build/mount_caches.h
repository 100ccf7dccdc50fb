// --cache-mounts=persist: cache mounts that outlive the job.
//
// Restored when a step that mounts one really runs and the store has none; saved at the end of the build,
// good or bad, when a step used it. Both are best effort: what fails costs time and a warning, never the
// build, unless a place was asked to be strict. A mount's content is in no key, so none of this changes a
// result.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/thread_pool.h"
#include "build/cache_places.h"
#include "build/cached_blobs.h"
#include "build/mount_packing.h"
#include "build/request.h"
#include "graph/definition.h"
#include "ops/mount_keeper.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

class MountCaches final : public ops::MountKeeper {
 public:
  // Borrowed, all of it.
  struct Surroundings {
    const CacheMounts& rules;
    const std::vector<CacheImport>& imports;
    const std::vector<CacheExport>& exports;
    snapshot::LayerStore& layers;
    base::ThreadPool& pool;
    CachedBlobs& blobs;
    cache::Warn warn;
    cache::Warn note;  // hears what went well
  };
  explicit MountCaches(Surroundings surroundings) : around_(std::move(surroundings)) {}
  // Abandons what is under way.
  ~MountCaches() override;

  // Warns of ids that are to persist and are no mount's.
  void check_ids(const graph::Definition& definition) const;

  bool restore(const ops::KeptMount& mount, const std::string& tree, const std::stop_token& stop) override;
  void used(const ops::KeptMount& mount) override;

  // Saves what was used since the last call, beside the caller's other work; no step may be running.
  void start_saving();
  // Waits until all is written; one line for people about each mount. Throws Error{kRegistry|kAuth|kIo} for a
  // place that must succeed, and Error{kCancelled}.
  std::vector<std::string> finish_saving(const std::stop_token& stop);
  // Both for a build that failed: the failure is what is to be heard of.
  void save_after_failure(const std::stop_token& stop);

 private:
  std::optional<cache::MountSave> find(const CacheImport& import, const ops::KeptMount& mount,
                                       const std::stop_token& stop) const;
  bool restore_from(const CacheImport& import, const ops::KeptMount& mount, const std::string& tree,
                    const std::stop_token& stop);
  std::vector<std::string> save_all(const std::map<std::string, ops::KeptMount>& mounts) const;

  Surroundings around_;
  base::Guarded<std::map<std::string, ops::KeptMount>> used_;  // by name
  std::stop_source stop_;
  std::future<std::vector<std::string>> saving_;
};

}  // namespace cooper::build
