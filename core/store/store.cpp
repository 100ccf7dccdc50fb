#include "store/store.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/error.h"
#include "os/file_time.h"
#include "os/list_directory.h"

namespace cooper::store {
namespace {

constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";
constexpr std::string_view kEmptyIndex = R"({"schemaVersion":2,"manifests":[]})";

std::string random_name(std::string_view prefix) {
  std::array<unsigned char, 8> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    base::throw_errno("read", "random bytes");
  }
  std::string name(prefix);
  for (unsigned char byte : bytes) name += fmt::format("{:02x}", byte);
  return name;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// False where we may not: a step of another tier leaves files of users that are not ours.
bool remove_if_possible(const std::string& path) {
  try {
    os::remove_tree(path);
    return true;
  } catch (const base::Error&) {
    return false;
  }
}

// Fails when `place` is taken, on any file system: some answer EINVAL to RENAME_NOREPLACE.
int rename_new(const std::string& from, const std::string& place) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, place.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (exists(place)) {
    errno = EEXIST;
    return -1;
  }
  return ::rename(from.c_str(), place.c_str());
}

}  // namespace

BlobWriter::BlobWriter(const Store& store, BlobProof proof)
    : store_(&store), temporary_(store.temp_path_ + "/" + random_name("blob-")), proof_(proof) {
  file_ = os::open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL, 0644);
}

BlobWriter::BlobWriter(BlobWriter&& other) noexcept
    : store_(other.store_),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      proof_(other.proof_),
      hasher_(std::move(other.hasher_)),
      size_(other.size_) {}

BlobWriter::~BlobWriter() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void BlobWriter::write(base::ByteSpan data) {
  if (proof_ == BlobProof::kWriter) hasher_.update(data);
  os::FdSink(file_.get(), temporary_).write(data);
  size_ += data.size();
}

base::Digest BlobWriter::commit(const std::optional<base::Digest>& expected) {
  if (proof_ == BlobProof::kCaller && !expected)
    throw base::Error(base::ErrorKind::kInternal, "a blob without a digest");
  base::Digest digest = proof_ == BlobProof::kCaller ? *expected : hasher_.finish();
  file_.reset();
  if (expected && *expected != digest) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("blob '{}' has the content of '{}'", expected->str(), digest.str()));
  }
  // Over what is there: its content is the same, unless it was damaged.
  std::string place = store_->blob_path(digest);
  os::FileLock guard = store_->guard_uses(os::LockMode::kShared);
  base::check(::rename(temporary_.c_str(), place.c_str()), "publish", place);
  temporary_.clear();
  return digest;
}

Store::Store(std::string path) : path_(std::move(path)) {}

std::shared_ptr<Store> Store::open(const std::string& path) {
  std::shared_ptr<Store> store(new Store(path));
  store->make_directories();
  store->take_lease();
  store->mark_as_layout();
  return store;
}

void Store::make_directories() const {
  os::make_directories(path_);
  os::make_directories(path_ + "/blobs/sha256");
  os::make_directories(path_ + "/layers");
  os::make_directories(records_path());
  os::make_directories(path_ + "/leases");
  // Trees hold setuid programs and files of every mode: nobody else may look in.
  os::make_directories(path_ + "/trees", 0700);
  os::make_directories(path_ + "/tmp", 0700);
}

void Store::mark_as_layout() const {
  if (!exists(path_ + "/oci-layout")) write_file(path_ + "/oci-layout", kLayoutFile);
  if (!exists(path_ + "/index.json")) write_file(path_ + "/index.json", kEmptyIndex);
}

// Under one lock for the whole store, because a lease that is made but not locked yet looks like a dead one.
void Store::take_lease() {
  std::string name = random_name(fmt::format("{}-", ::getpid()));
  temp_path_ = path_ + "/tmp/" + name;
  std::vector<std::string> dead;
  {
    os::FileLock guard = os::FileLock::acquire(path_ + "/leases/.lock", os::LockMode::kExclusive);
    lease_path_ = path_ + "/leases/" + name;
    lease_ = os::FileLock::acquire(lease_path_, os::LockMode::kExclusive);
    lease_start_ = os::modified_time(lease_path_).value_or(0);
    base::check(::mkdir(temp_path_.c_str(), 0700), "create directory", temp_path_);
    dead = take_over_dead_work();
  }
  // Removing may take long, so it happens after the lock, below our own tmp/.
  for (const std::string& path : dead) remove_if_possible(path);
}

std::vector<std::string> Store::take_over_dead_work() const {
  std::vector<std::string> taken;
  for (const std::string& name : os::list_directory(path_ + "/tmp")) {
    std::string work = path_ + "/tmp/" + name;
    std::string lease = path_ + "/leases/" + name;
    if (work == temp_path_ || !os::FileLock::try_acquire(lease, os::LockMode::kExclusive)) continue;
    std::string place = temp_path_ + "/dead-" + name;
    if (::rename(work.c_str(), place.c_str()) != 0) continue;  // a process that may will sweep it
    ::unlink(lease.c_str());
    taken.push_back(std::move(place));
  }
  return taken;
}

Store::~Store() {
  if (!lease_) return;
  // What is left keeps its lease's name, and the next process that opens the store sweeps it.
  if (remove_if_possible(temp_path_)) ::unlink(lease_path_.c_str());
}

// The collector decides and moves things away under the exclusive lock, so what is found here was not decided
// upon, and what is decided upon later has its new time. A clock that was set back must not make it look old.
bool Store::use(const std::string& path) const {
  os::FileLock guard = guard_uses(os::LockMode::kShared);
  if (os::set_modified_time(path, std::max(os::now(), lease_start_))) return true;
  // Not ours to mark, but there: the store of another user, or a read-only one.
  return errno != ENOENT && errno != ENOTDIR && exists(path);
}

os::FileLock Store::guard_uses(os::LockMode mode) const {
  return os::FileLock::acquire(path_ + "/leases/.use", mode);
}

std::int64_t Store::oldest_other_lease() const {
  std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
  for (const std::string& name : os::list_directory(path_ + "/leases")) {
    std::string lease = path_ + "/leases/" + name;
    if (name.front() == '.' || lease == lease_path_ || !os::FileLock::is_held(lease)) continue;
    oldest = std::min(oldest, os::modified_time(lease).value_or(oldest));
  }
  return oldest;
}

std::string Store::blob_path(const base::Digest& digest) const {
  return path_ + "/blobs/sha256/" + digest.hex();
}

bool Store::has_blob(const base::Digest& digest) const {
  return use(blob_path(digest));
}

std::optional<std::uint64_t> Store::blob_size(const base::Digest& digest) const {
  struct stat status {};
  if (!use(blob_path(digest))) return std::nullopt;
  if (::stat(blob_path(digest).c_str(), &status) == 0) return static_cast<std::uint64_t>(status.st_size);
  if (errno != ENOENT) base::throw_errno("examine", blob_path(digest));
  return std::nullopt;
}

os::Fd Store::open_blob(const base::Digest& digest) const {
  use(blob_path(digest));
  return os::open_file(blob_path(digest), O_RDONLY);
}

BlobWriter Store::begin_blob(BlobProof proof) const {
  return {*this, proof};
}

base::Digest Store::put_blob(std::string_view content) const {
  base::Digest digest = base::sha256(content);
  if (blob_size(digest) == content.size()) return digest;
  BlobWriter writer = begin_blob();
  writer.write(std::as_bytes(std::span(content)));
  return writer.commit();
}

std::string Store::layer_path(const std::string& id) const {
  return path_ + "/layers/" + id;
}

std::string Store::tree_path(const std::string& form, const std::string& id) const {
  return path_ + "/trees/" + form + "/" + id;
}

std::string Store::records_path() const {
  return path_ + "/records";
}

std::string Store::sources_path() const {
  return path_ + "/sources";
}

std::string Store::mounts_path() const {
  return path_ + "/mounts";
}

os::TempDir Store::make_temp(std::string_view prefix) const {
  return os::TempDir(temp_path_, prefix);
}

bool Store::publish(const std::string& temporary, const std::string& place) const {
  int result = rename_new(temporary, place);
  if (result < 0 && errno == ENOENT) {
    os::make_directories(place.substr(0, place.rfind('/')));
    result = rename_new(temporary, place);
  }
  if (result == 0) return true;
  int number = errno;
  os::remove_tree(temporary);
  if (number != EEXIST && number != ENOTEMPTY) throw base::os_error(number, "publish", place);
  return false;
}

void Store::write_file(const std::string& place, std::string_view content) const {
  const std::string draft = temp_path_ + "/" + random_name("file-");
  os::write_file_atomically(draft, content);
  if (::rename(draft.c_str(), place.c_str()) == 0) return;
  const int number = errno;
  ::unlink(draft.c_str());
  throw base::os_error(number, "write", place);
}

}  // namespace cooper::store
