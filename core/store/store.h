// The store: everything cooper keeps between builds, in flat files that crash-safe renames put in place.
//
//   oci-layout, index.json, blobs/sha256/<hex>   a valid OCI image layout: skopeo and crane can open it
//   layers/<id>/           what is known of a layer, the same for every tier, and files in a pack (snapshot/)
//   trees/<form>/<id>/     a layer's unpacked bytes, per form of ownership (snapshot/)
//   records/<hex>          cache records, one file per key (cache/)
//   sources/<kind>/<hex>   what fetched sources were the last time (ops/)
//   mounts/<hex>/          cache mounts of RUN (ops/)
//   tmp/<lease>/           work of one running process; swept when its lease lock is free
//   leases/<lease>         flock'd by the process for as long as it runs
//   leases/.use            flock'd, shared, for the moment in which something is found
//
// Several processes may use one store at once. Nothing is ever visible half-written. What a process has found
// stays until its lease ends: use() gives it the time of now, and the garbage collector (store/gc.h) takes
// nothing that was used since the oldest running lease began.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/file_lock.h"

namespace cooper::store {

class Store;

// Who makes sure that a blob's bytes are those of its digest: its writer, which hashes them, or whoever
// writes them and has proved them before commit().
enum class BlobProof { kWriter, kCaller };

// A blob on its way into the store: counted, and hashed unless the caller does, as it is written; visible
// only after commit().
class BlobWriter final : public base::ByteSink {
 public:
  void write(base::ByteSpan data) override;
  // Renames the blob into place and returns its digest. Throws Error{kCorrupt} when `expected` is given and
  // differs, and Error{kIo}; then, and when commit() is never called, nothing remains. What the caller proves
  // has to be given.
  base::Digest commit(const std::optional<base::Digest>& expected = std::nullopt);
  std::uint64_t size() const { return size_; }
  ~BlobWriter() override;
  BlobWriter(BlobWriter&&) noexcept;

 private:
  friend class Store;
  BlobWriter(const Store& store, BlobProof proof);
  const Store* store_;
  std::string temporary_;
  os::Fd file_;
  BlobProof proof_;
  base::Hasher hasher_;
  std::uint64_t size_ = 0;
};

class Store {
 public:
  // Opens or makes the store at `path` and takes a lease; sweeps the tmp/ of processes that are gone. Throws
  // Error{kIo}.
  static std::shared_ptr<Store> open(const std::string& path);
  ~Store();

  const std::string& path() const { return path_; }

  // Whether a file or directory of the store is there; if so it counts as used now, and stays for as long as
  // this process has its lease. All that is found in the store is found through this, or through the blobs'
  // functions below, which ask it.
  bool use(const std::string& path) const;

  bool has_blob(const base::Digest& digest) const;
  // False, too, for a blob that was cut or grew: it must be had anew.
  bool has_blob(const base::Digest& digest, std::uint64_t size) const { return blob_size(digest) == size; }
  std::optional<std::uint64_t> blob_size(const base::Digest& digest) const;
  std::string blob_path(const base::Digest& digest) const;
  os::Fd open_blob(const base::Digest& digest) const;  // throws Error{kIo} when missing
  BlobWriter begin_blob(BlobProof proof = BlobProof::kWriter) const;
  base::Digest put_blob(std::string_view content) const;

  std::string layer_path(const std::string& id) const;                          // layers/<id>
  std::string tree_path(const std::string& form, const std::string& id) const;  // trees/<form>/<id>
  std::string records_path() const;
  std::string sources_path() const;
  std::string mounts_path() const;

  // A fresh directory under this process's own tmp/.
  os::TempDir make_temp(std::string_view prefix) const;
  // Moves a directory or file made in tmp/ to its place; false when the place is taken already (the caller's
  // copy is then removed): two processes made the same thing.
  bool publish(const std::string& temporary, const std::string& place) const;
  // Writes a small file of the store over what is there, whole or not at all. Its draft lies in tmp/, where
  // that of a killed process is swept. Throws Error{kIo}.
  void write_file(const std::string& place, std::string_view content) const;

  // For the garbage collector. While it is held exclusively nobody finds anything: hold it for moments.
  os::FileLock guard_uses(os::LockMode mode) const;
  // When the oldest lease began that another process, or another Store of this one, holds: nanoseconds since
  // the epoch; the largest number when there is none.
  std::int64_t oldest_other_lease() const;

 private:
  explicit Store(std::string path);
  friend class BlobWriter;
  void make_directories() const;
  void mark_as_layout() const;
  void take_lease();
  std::vector<std::string> take_over_dead_work() const;

  std::string path_;
  std::string temp_path_;
  std::string lease_path_;
  std::optional<os::FileLock> lease_;
  std::int64_t lease_start_ = 0;  // nanoseconds since the epoch
};

}  // namespace cooper::store
