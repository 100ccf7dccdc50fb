#include "cache/directory_backend.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancellation.h"
#include "base/error.h"
#include "cache/record_file.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::cache {
namespace {

namespace fs = std::filesystem;

// The names of a directory's files, sorted; empty when there is no such directory.
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& item : fs::directory_iterator(directory, error)) {
    names.push_back(item.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

DirectoryBackend::DirectoryBackend(std::string directory, BlobProvider blobs,
                                   std::function<void(const std::string&)> warn)
    : directory_(std::move(directory)), blobs_(std::move(blobs)), warn_(std::move(warn)) {}

std::string DirectoryBackend::record_path(const base::Digest& key) const {
  return fmt::format("{}/records/{}.json", directory_, key.hex());
}

std::string DirectoryBackend::blob_path(const base::Digest& digest) const {
  return fmt::format("{}/blobs/sha256/{}", directory_, digest.hex());
}

std::vector<std::optional<Record>> DirectoryBackend::find(const std::vector<base::Digest>& keys,
                                                          const std::stop_token& stop) {
  return find_each(keys, stop, [&](const base::Digest& key) { return find_one(key); });
}

std::optional<Record> DirectoryBackend::find_one(const base::Digest& key) const {
  const std::string path = record_path(key);
  try {
    return read_record_file(path, key);
  } catch (const base::Error& error) {
    warn_(fmt::format("ignoring the cache record '{}': {}", path, error.summary()));
    return std::nullopt;
  }
}

std::unique_ptr<base::ByteSource> DirectoryBackend::open_blob(const oci::Descriptor& blob,
                                                              const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  // Not blocking, and no symlink: what was restored may be anything.
  os::Fd file = os::open_file(blob_path(blob.digest), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return std::make_unique<os::FileSource>(std::move(file), blob.digest.str());
}

void DirectoryBackend::store_blob(const oci::Descriptor& blob, const std::stop_token& stop) const {
  const std::string place = blob_path(blob.digest);
  struct stat status {};
  if (::lstat(place.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
      static_cast<std::uint64_t>(status.st_size) == blob.size) {
    return;
  }
  os::make_directories(directory_ + "/blobs/sha256");
  os::make_directories(directory_ + "/tmp");
  os::TempDir temporary(directory_ + "/tmp");
  const std::string draft = temporary.path() + "/blob";
  os::Fd file = os::open_file(draft, O_WRONLY | O_CREAT | O_EXCL);
  os::FdSink out(file.get(), draft);
  base::HashingSink hashed(&out);
  base::copy_all(*blobs_.open(blob, stop), hashed);
  if (hashed.digest() != blob.digest) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("layer blob '{}' has other bytes than its digest says", blob.digest.str()));
  }
  base::check(::rename(draft.c_str(), place.c_str()), "write the cached layer", place);
}

void DirectoryBackend::put(const Record& record, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  if (record.blob) store_blob(*record.blob, stop);
  Record portable = record;
  portable.layer_id.clear();
  const std::string text = portable.serialize();
  os::make_directories(directory_ + "/records");
  os::write_file_atomically(record_path(record.key), text);
  if (record.content_key) os::write_file_atomically(record_path(*record.content_key), text);
}

void DirectoryBackend::write_root() const {
  base::Hasher hasher;
  for (const char* part : {"blobs/sha256", "records"}) {
    for (const std::string& name : names_in(directory_ + "/" + part))
      hasher.update(std::string(part) + "/" + name + "\n");
  }
  os::make_directories(directory_);
  os::write_file_atomically(directory_ + "/root", hasher.finish().str() + "\n");
}

}  // namespace cooper::cache
