// The caches of a build, as the solver asks them: the local store first, then every import in its order.
//
// A hit from an import fetches nothing: its layer is declared, and its blob is asked for when something needs
// the bytes. Should that fail, the record is excluded and the build solved again, so a broken cache costs
// time and never the build.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "cache/records.h"
#include "ops/services.h"
#include "snapshot/layer.h"
#include "solver/interfaces.h"

namespace cooper::ops {

// The layer of a record of the local store; null when it is gone.
snapshot::LayerPtr find_local_layer(const cache::Record& record, snapshot::LayerStore& layers);

// A found record together with the layer that it stands for.
struct FoundLayer {
  cache::Record record;
  snapshot::LayerPtr layer;
  std::string origin;  // the name of the cache
};

class CacheIndex final : public solver::CacheIndex {
 public:
  explicit CacheIndex(Services& services) : services_(services) {}

  std::optional<solver::CacheHit> find(int vertex, const solver::Key& key,
                                       const std::stop_token& stop) override;
  bool any_lost() const;
  // Layers that were found and could not be had after all: what to tell about each. Their records are misses
  // from now on. Not while a solve is going on.
  std::vector<std::string> exclude_lost();
  // Writes what was found elsewhere, and whose bytes are here now, to the local store's records: the next
  // build here need not ask again. Failing costs only that.
  void keep_found(const std::stop_token& stop);

 private:
  std::optional<FoundLayer> find_in(cache::Records& place, const base::Digest& key,
                                    const std::stop_token& stop);
  snapshot::LayerPtr layer_of(cache::Records& place, const cache::Record& record) const;

  Services& services_;
  struct Memory {
    std::map<std::pair<std::string, base::Digest>, FoundLayer> found;  // by place and key that was asked for
    std::set<std::pair<std::string, base::Digest>> excluded;
  };
  base::Guarded<Memory> memory_;
};

}  // namespace cooper::ops
