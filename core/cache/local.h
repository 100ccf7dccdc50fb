// The local store as a cache: records/<first two hex digits>/<hex>.json, one file per key, temp + rename. Two
// caches merge by union of files. Also remembers the last record of each step (records/steps/<hash of
// step_id>) for explaining misses and for expected durations.
#pragma once

#include <functional>
#include <memory>

#include "cache/backend.h"
#include "store/store.h"

namespace cooper::cache {

class LocalBackend final : public Backend {
 public:
  LocalBackend(std::shared_ptr<store::Store> store, std::function<void(const std::string&)> warn);
  std::string name() const override { return "local store"; }
  std::vector<std::optional<Record>> find(const std::vector<base::Digest>& keys,
                                          const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;
  void put(const Record& record, const std::stop_token& stop) override;
  // The most recent record of the same step, whatever its key.
  std::optional<Record> last_of_step(const std::string& step_id) const;

 private:
  std::shared_ptr<store::Store> store_;
  std::function<void(const std::string&)> warn_;
};

}  // namespace cooper::cache
