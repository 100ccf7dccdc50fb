// type=local: a directory that a CI system's own cache keeps between jobs.
//
//   blobs/sha256/<hex>            compressed layers
//   records/<hex>.json            one record a key
//   root                          "sha256:<hex>" over the names of all of these: unchanged means nothing to
//   upload
//
// Everything is put in place by a rename and never changed in place, so two caches merge by file union, and a
// job that is killed leaves whole files. Restored content is not trusted: records are parsed as hostile,
// blobs are verified by whoever reads them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/backend.h"
#include "cache/blobs.h"

namespace cooper::cache {

class DirectoryBackend final : public Backend {
 public:
  // `directory` is made by the first put(); a missing one is an empty cache. `warn` hears of damaged records.
  DirectoryBackend(std::string directory, BlobProvider blobs, std::function<void(const std::string&)> warn);

  std::string name() const override { return "directory " + directory_; }
  std::vector<std::optional<Record>> find(const std::vector<base::Digest>& keys,
                                          const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;
  void put(const Record& record, const std::stop_token& stop) override;
  // Writes `root`; once, after the last put(). Throws Error{kIo}.
  void write_root() const;

 private:
  std::string record_path(const base::Digest& key) const;
  std::string blob_path(const base::Digest& digest) const;
  std::optional<Record> find_one(const base::Digest& key) const;
  void store_blob(const oci::Descriptor& blob, const std::stop_token& stop) const;

  std::string directory_;
  BlobProvider blobs_;
  std::function<void(const std::string&)> warn_;
};

}  // namespace cooper::cache
