// type=local: a directory that a CI system's own cache keeps between jobs.
//
//   blobs/sha256/<hex>                                      compressed layers
//   records/<hex>.json  steps/<hex>.json  mounts/<id>.json  documents; those of a scope in scopes/<scope>/
//   root                                                    "sha256:<hex>" over all of these: unchanged means
//                                                           nothing to upload
//   tmp/                                                    work of running processes
//
// Everything is put in place by a rename and never changed in place, so two caches merge by file union, and a
// job that is killed leaves whole files. Restored content is not trusted: documents are parsed as hostile,
// blobs are verified by whoever reads them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cache/backend.h"
#include "cache/blobs.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::cache {

class DirectoryBackend final : public Backend {
 public:
  // `directory` is made by the first write(); a missing one is an empty cache. `scope`: "" for the shared
  // one, else at most 60 of [A-Za-z0-9_.-], not beginning with a dot.
  DirectoryBackend(std::string directory, std::string scope, BlobProvider blobs);

  std::string name() const override;
  std::optional<std::string> read(const DocumentName& name, const std::stop_token& stop) override;
  void write(const DocumentName& name, const Document& document, const std::stop_token& stop) override;
  std::vector<std::string> list(DocumentKind kind, const std::stop_token& stop) override;
  std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                              const std::stop_token& stop) override;
  // After the last write(), if there was one: removes what no document names any more, and writes `root`.
  // Throws Error{kIo}.
  void finish();

 private:
  // A directory below tmp/ that is ours while we run.
  struct Work {
    os::Fd lock;
    os::TempDir directory;
  };

  std::string documents(DocumentKind kind) const;
  std::string document_path(const DocumentName& name) const;
  std::string blob_path(const base::Digest& digest) const;
  void store_blob(const oci::Descriptor& blob, const std::stop_token& stop);
  bool has_whole_blob(const oci::Descriptor& blob) const;
  void remove_unnamed_blobs() const;
  void write_root();
  std::string draft();
  Work begin_work() const;

  std::string directory_;
  std::string scope_;
  BlobProvider blobs_;
  std::once_flag working_;
  std::optional<Work> work_;
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<bool> written_ = false;
};

}  // namespace cooper::cache
