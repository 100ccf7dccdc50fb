// The local store as a cache: records/<first two hex digits>/<hex>.json, one file per key, temp + rename. Two
// caches merge by union of files. Also remembers the last record of each step (records/steps/<hash of
// step_id>.json) for explaining misses and for expected durations.
//
// Safe with several processes: a record is written in the process's own tmp/ and renamed into place, so
// readers see an old or a new one, the last writer wins, and a killed process leaves nothing behind in
// records/.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/backend.h"
#include "os/beneath.h"
#include "store/store.h"

namespace cooper::cache {

class LocalBackend final : public Backend {
 public:
  // `warn` hears of damaged records, one line each, from any thread that calls find().
  LocalBackend(std::shared_ptr<store::Store> store, std::function<void(const std::string&)> warn);
  std::string name() const override { return "local store"; }
  std::vector<std::optional<Record>> find(const std::vector<base::Digest>& keys,
                                          const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;
  void put(const Record& record, const std::stop_token& stop) override;
  // The most recent record of the same step, whatever its key. A damaged one counts as none.
  std::optional<Record> last_of_step(const std::string& step_id) const;

 private:
  std::string record_path(const base::Digest& key) const;
  std::string step_path(const std::string& step_id) const;
  std::optional<Record> find_one(const base::Digest& key) const;
  void write(const std::string& path, std::string_view text);

  std::shared_ptr<store::Store> store_;
  std::function<void(const std::string&)> warn_;
  os::TempDir temporary_;  // on the file system of records/, swept by the store when this process was killed
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace cooper::cache
