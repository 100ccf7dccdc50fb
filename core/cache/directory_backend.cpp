#include "cache/directory_backend.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancellation.h"
#include "base/error.h"
#include "cache/document_file.h"

namespace cooper::cache {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kPatience{1};

os::Fd open_directory(const std::string& path) {
  return os::open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// Directories below tmp/ whose process is gone: nobody holds their lock.
void sweep(const std::string& parent, const std::string& own) {
  std::error_code error;
  for (const fs::directory_entry& item : fs::directory_iterator(parent, error)) {
    if (item.path() == own) continue;
    const int number = ::open(item.path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (number < 0) continue;
    const os::Fd directory(number);
    if (::flock(directory.get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(item.path(), error);
  }
}

// The names of what `directory` holds of that type, sorted; none when there is no such directory. Other jobs
// may add and replace files meanwhile.
std::vector<std::string> names_in(const std::string& directory, fs::file_type type = fs::file_type::regular) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator item(directory, error); !error && item != fs::directory_iterator();
       item.increment(error)) {
    std::error_code gone;
    if (item->symlink_status(gone).type() == type) names.push_back(item->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Relative, and never removed while the cache is in use.
std::vector<std::string> document_folders(const std::string& directory) {
  std::vector<std::string> places = {""};
  for (const std::string& scope : names_in(directory + "/scopes", fs::file_type::directory))
    places.push_back("scopes/" + scope + "/");
  std::vector<std::string> folders;
  for (const std::string& place : places) {
    for (DocumentKind kind : {DocumentKind::kRecord, DocumentKind::kStep, DocumentKind::kMount})
      folders.push_back(place + std::string(document_folder(kind)));
  }
  return folders;
}

}  // namespace

DirectoryBackend::DirectoryBackend(std::string directory, std::string scope, BlobProvider blobs)
    : directory_(std::move(directory)), scope_(std::move(scope)), blobs_(std::move(blobs)) {}

std::string DirectoryBackend::name() const {
  return scope_.empty() ? fmt::format("directory {}", directory_)
                        : fmt::format("directory {} (scope {})", directory_, scope_);
}

std::string DirectoryBackend::documents(DocumentKind kind) const {
  if (scope_.empty()) return fmt::format("{}/{}", directory_, document_folder(kind));
  return fmt::format("{}/scopes/{}/{}", directory_, scope_, document_folder(kind));
}

std::string DirectoryBackend::document_path(const DocumentName& name) const {
  return fmt::format("{}/{}{}", documents(name.kind), name.id, kDocumentSuffix);
}

std::string DirectoryBackend::blob_path(const base::Digest& digest) const {
  return fmt::format("{}/blobs/sha256/{}", directory_, digest.hex());
}

std::optional<std::string> DirectoryBackend::read(const DocumentName& name, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  return read_document_file(document_path(name));
}

std::unique_ptr<base::ByteSource> DirectoryBackend::open_blob(const oci::Descriptor& blob,
                                                              const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  // Not blocking, and no symlink: what was restored may be anything.
  os::Fd file = os::open_file(blob_path(blob.digest), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return std::make_unique<os::FileSource>(std::move(file), blob.digest.str());
}

std::vector<std::string> DirectoryBackend::list(DocumentKind kind, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  std::vector<std::string> ids;
  for (const std::string& name : names_in(documents(kind))) {
    if (name.ends_with(kDocumentSuffix)) ids.push_back(name.substr(0, name.size() - kDocumentSuffix.size()));
  }
  return ids;
}

// Under the lock of tmp/ itself, because a directory that is made but not locked yet looks like a dead one.
DirectoryBackend::Work DirectoryBackend::begin_work() const {
  const std::string parent = directory_ + "/tmp";
  os::make_directories(parent);
  const os::Fd guard = open_directory(parent);
  base::check(::flock(guard.get(), LOCK_EX), "lock", parent);
  os::TempDir own(parent);
  os::Fd lock = open_directory(own.path());
  base::check(::flock(lock.get(), LOCK_EX), "lock", own.path());
  sweep(parent, own.path());
  return {std::move(lock), std::move(own)};
}

std::string DirectoryBackend::draft() {
  std::call_once(working_, [this] { work_.emplace(begin_work()); });
  return fmt::format("{}/{}", work_->directory.path(), next_++);
}

// Read to the end: a blob is only stored again when its record was not found, or found to be of no use.
bool DirectoryBackend::has_whole_blob(const oci::Descriptor& blob) const {
  const std::string place = blob_path(blob.digest);
  struct stat status {};
  if (::lstat(place.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != blob.size) {
    return false;
  }
  const os::Fd file = os::open_file(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  os::FdSource content(file.get(), place);
  base::HashingSink hashed;
  base::copy_all(content, hashed);
  return hashed.digest() == blob.digest;
}

void DirectoryBackend::store_blob(const oci::Descriptor& blob, const std::stop_token& stop) {
  const std::string place = blob_path(blob.digest);
  if (has_whole_blob(blob)) return;
  const std::string path = draft();
  os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  os::FdSink out(file.get(), path);
  base::HashingSink hashed(&out);
  base::copy_all(*blobs_.open(blob, stop), hashed);
  if (hashed.digest() != blob.digest) {
    ::unlink(path.c_str());
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("layer blob '{}' has other bytes than its digest says", blob.digest.str()));
  }
  os::make_directories(directory_ + "/blobs/sha256");
  base::check(::rename(path.c_str(), place.c_str()), "write the cached layer", place);
}

void DirectoryBackend::write(const DocumentName& name, const Document& document,
                             const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  for (const oci::Descriptor& blob : document.blobs) store_blob(blob, stop);
  const std::string path = draft();
  os::write_file_atomically(path, document.text);
  place_document_file(path, document_path(name));
  written_ = true;
}

// What replaced documents left behind: the saves of cache mounts above all. Young blobs may be waiting for
// the document of another job.
void DirectoryBackend::remove_unnamed_blobs() const {
  std::string named;
  for (const std::string& folder : document_folders(directory_)) {
    for (const std::string& name : names_in(directory_ + "/" + folder))
      named += read_document_file(fmt::format("{}/{}/{}", directory_, folder, name)).value_or("");
  }
  const std::string blobs = directory_ + "/blobs/sha256/";
  for (const std::string& name : names_in(blobs)) {
    std::error_code error;
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(blobs + name, error);
    const bool is_young = error || age < kPatience;
    if (!is_young && named.find(name) == std::string::npos) fs::remove(blobs + name, error);
  }
}

void DirectoryBackend::finish() {
  if (!written_) return;
  remove_unnamed_blobs();
  write_root();
}

void DirectoryBackend::write_root() {
  base::Hasher hasher;
  std::vector<std::string> folders = document_folders(directory_);
  folders.emplace_back("blobs/sha256");
  for (const std::string& folder : folders) {
    // The name of a blob or record says what is in it; the others are replaced by newer ones.
    const bool is_named_by_content = folder.ends_with("sha256") || folder.ends_with("records");
    for (const std::string& name : names_in(directory_ + "/" + folder)) {
      const std::string path = fmt::format("{}/{}", folder, name);
      hasher.update(path + "\n");
      if (is_named_by_content) continue;
      hasher.update(base::sha256(read_document_file(directory_ + "/" + path).value_or("")).str() + "\n");
    }
  }
  const std::string path = draft();
  os::write_file_atomically(path, hasher.finish().str() + "\n");
  place_document_file(path, directory_ + "/root");
}

}  // namespace cooper::cache
