// The local store as a cache: records/<first two hex digits>/<hex>.json, one file per key, temp + rename. Two
// caches merge by union of files. The last record of each step (records/steps/<hex>.json) serves explaining
// misses and expected durations; blobs are the store's.
//
// Safe with several processes: a document is written in the process's own tmp/ and renamed into place, so
// readers see an old or a new one, the last writer wins, and a killed process leaves nothing behind in
// records/.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/backend.h"
#include "os/beneath.h"
#include "store/store.h"

namespace cooper::cache {

class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(std::shared_ptr<store::Store> store);

  std::string name() const override { return "local store"; }
  std::optional<std::string> read(const DocumentName& name, const std::stop_token& stop) override;
  // Blobs are in the store already, or layers are known by their local id.
  void write(const DocumentName& name, const Document& document, const std::stop_token& stop) override;
  std::vector<std::string> list(DocumentKind kind, const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;

 private:
  std::string path_of(const DocumentName& name) const;

  std::shared_ptr<store::Store> store_;
  os::TempDir temporary_;  // on the file system of records/, swept by the store when this process was killed
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace cooper::cache
