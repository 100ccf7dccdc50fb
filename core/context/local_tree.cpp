#include "context/local_tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <deque>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/guarded.h"

namespace cooper::context {
namespace {

using snapshot::Entry;
using snapshot::EntryType;

constexpr std::size_t kReadBuffer = 256 << 10;
constexpr int kReadAttempts = 3;
constexpr std::size_t kHeldDirectories = 16;

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using DirectoryHandle = std::unique_ptr<DIR, DirectoryCloser>;

struct Name {
  std::string name;
  unsigned char type = DT_UNKNOWN;
};

// The names in the directory `fd`, in the kernel's order.
std::vector<Name> read_names(os::Fd fd, const std::string& path) {
  const DirectoryHandle directory(::fdopendir(fd.get()));
  if (!directory) base::throw_errno("read", path);
  fd.release();
  std::vector<Name> names;
  while (true) {
    errno = 0;
    const dirent* entry =
        ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): the stream is ours alone
    if (entry == nullptr) break;
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.push_back({std::string(name), entry->d_type});
  }
  if (errno != 0) base::throw_errno("read", path);
  return names;
}

std::int64_t nanoseconds(const timespec& time) {
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

FileIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
          nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

EntryType type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return EntryType::kDirectory;
    case S_IFLNK:
      return EntryType::kSymlink;
    case S_IFCHR:
      return EntryType::kCharDevice;
    case S_IFBLK:
      return EntryType::kBlockDevice;
    case S_IFIFO:
      return EntryType::kFifo;
    default:
      return EntryType::kFile;
  }
}

bool is_missing(int number) {
  return number == ENOENT || number == ENOTDIR || number == ELOOP;
}

std::string read_link(int directory, const std::string& name, const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlinkat(directory, name.c_str(), target.data(), target.size());
  base::check(length, "read the link", path);
  return {target.data(), static_cast<std::size_t>(length)};
}

os::Fd open_root(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) return os::Fd(fd);
  throw base::Error(base::ErrorKind::kContext, fmt::format("cannot use '{}' as build context", directory))
      .with_errno(errno)
      .hint("name a directory that exists and can be read");
}

}  // namespace

struct LocalTree::Impl {
  Impl(std::string where, PatternMatcher patterns, std::shared_ptr<DigestCache> cache)
      : directory(std::move(where)),
        root(open_root(directory)),
        ignore(std::move(patterns)),
        digests(cache ? std::move(cache) : std::make_shared<DigestCache>()) {}

  // What the ignore file makes of a path: the patterns that match it, for what is below, and the answer.
  struct Verdict {
    PatternMatcher::ParentState state;
    bool ignored = false;
  };
  using VerdictPtr = std::shared_ptr<const Verdict>;

  os::Fd open_directory(const std::string& path) const;
  // The same, kept open for a while: files are met directory by directory.
  std::shared_ptr<const os::Fd> held_directory(const std::string& path) const;
  VerdictPtr verdict(const std::string& path) const;
  VerdictPtr judge(const std::string& path, const Verdict& parent) const;
  VerdictPtr remember(const std::string& path, VerdictPtr verdict) const;
  bool shows_directory(const std::string& path, const Verdict& verdict) const;
  bool holds_something(const std::string& path, const Verdict& verdict) const;

  // lstat of `name` in `parent`; false when there is none.
  bool read_status(int parent, const std::string& name, const std::string& path, struct stat& status) const;
  Entry describe(int parent, const std::string& name, const std::string& path,
                 const struct stat& status) const;
  std::optional<Entry> child(int parent, const Name& name, const std::string& path,
                             const Verdict& parent_verdict) const;
  // The status of `path` whether it is ignored or not.
  std::optional<struct stat> status_of(const std::string& path) const;
  // The digest of a file that is as it was when an earlier build, or this one, read it.
  std::optional<base::Digest> remembered(const std::string& path, const struct stat& status) const;
  // Whether `digest` is what was given for the file before, if anything was.
  bool give(const std::string& path, const base::Digest& digest) const;
  // `status`: of the file, just read.
  base::Digest hash(const std::string& path, struct stat status) const;
  // One attempt: nullopt when the file is no longer what `before` says.
  std::optional<base::Digest> try_hash(int parent, const std::string& path, const struct stat& before) const;

  std::string directory;
  os::Root root;
  PatternMatcher ignore;
  std::shared_ptr<DigestCache> digests;

  // Directories only: files are judged when they are met.
  mutable base::Guarded<std::unordered_map<std::string, VerdictPtr>> verdicts;
  // Ignored directories, whether anything below is included.
  mutable base::Guarded<std::unordered_map<std::string, bool>> shown;
  // Files with more than one name.
  mutable base::Guarded<std::unordered_map<std::string, std::string>> link_groups;
  // The digest that was given first for each file: it went into cache keys, and what is copied later must be
  // the same.
  mutable base::Guarded<std::unordered_map<std::string, base::Digest>> given;
  // The directories used last, the newest last.
  using Held = std::pair<std::string, std::shared_ptr<const os::Fd>>;
  mutable base::Guarded<std::deque<Held>> held;
};

os::Fd LocalTree::Impl::open_directory(const std::string& path) const {
  return root.open_exact(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
}

std::shared_ptr<const os::Fd> LocalTree::Impl::held_directory(const std::string& path) const {
  auto known = held.with([&](auto& all) {
    auto found = std::find_if(all.begin(), all.end(), [&](const Held& one) { return one.first == path; });
    return found == all.end() ? nullptr : found->second;
  });
  if (known) return known;
  auto opened = std::make_shared<const os::Fd>(open_directory(path));
  held.with([&](auto& all) {
    all.emplace_back(path, opened);
    if (all.size() > kHeldDirectories) all.pop_front();
  });
  return opened;
}

LocalTree::Impl::VerdictPtr LocalTree::Impl::judge(const std::string& path, const Verdict& parent) const {
  auto verdict = std::make_shared<Verdict>();
  if (!ignore.empty()) verdict->ignored = ignore.matches(path, parent.state, verdict->state);
  return verdict;
}

LocalTree::Impl::VerdictPtr LocalTree::Impl::remember(const std::string& path, VerdictPtr verdict) const {
  return verdicts.with(
      [&](auto& known) { return known.try_emplace(path, std::move(verdict)).first->second; });
}

// Goes down from the root, as the states of the directories on the way decide.
LocalTree::Impl::VerdictPtr LocalTree::Impl::verdict(const std::string& path) const {
  static const VerdictPtr kNothingIgnored = std::make_shared<Verdict>();
  if (path.empty() || ignore.empty()) return kNothingIgnored;
  auto known = verdicts.with([&](auto& all) {
    auto found = all.find(path);
    return found == all.end() ? VerdictPtr() : found->second;
  });
  if (known) return known;
  VerdictPtr parent = kNothingIgnored;
  for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    const std::string above = path.substr(0, end);
    parent = remember(above, judge(above, *parent));
  }
  return judge(path, *parent);
}

bool LocalTree::Impl::shows_directory(const std::string& path, const Verdict& verdict) const {
  if (!verdict.ignored) return true;
  if (!ignore.may_include_below(path)) return false;
  auto known = shown.with([&](auto& all) {
    auto found = all.find(path);
    return found == all.end() ? std::optional<bool>() : std::optional<bool>(found->second);
  });
  if (known) return *known;
  const bool shows = holds_something(path, verdict);
  shown.with([&](auto& all) { all.emplace(path, shows); });
  return shows;
}

// Whether anything below the ignored directory `path` is included. Goes no deeper than a path can be long.
bool LocalTree::Impl::holds_something(const std::string& path, const Verdict& verdict) const {
  std::vector<Name> names;
  try {
    names = read_names(open_directory(path), path);
  } catch (const base::Error& error) {
    // Nobody asked for this directory, so it may be one that nobody may read.
    if (error.errno_value() == EACCES || is_missing(error.errno_value())) return false;
    throw;
  }
  std::vector<std::pair<std::string, VerdictPtr>> below;
  for (const Name& name : names) {
    std::string child_path = snapshot::join_path(path, name.name);
    VerdictPtr child_verdict = judge(child_path, verdict);
    if (!child_verdict->ignored) return true;
    if (name.type == DT_DIR || name.type == DT_UNKNOWN)
      below.emplace_back(std::move(child_path), child_verdict);
  }
  return std::any_of(below.begin(), below.end(),
                     [this](const auto& child) { return shows_directory(child.first, *child.second); });
}

bool LocalTree::Impl::read_status(int parent, const std::string& name, const std::string& path,
                                  struct stat& status) const {
  if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (is_missing(errno)) return false;
  base::throw_errno("read", path);
}

Entry LocalTree::Impl::describe(int parent, const std::string& name, const std::string& path,
                                const struct stat& status) const {
  Entry entry;
  entry.path = path;
  entry.type = type_of(status.st_mode);
  entry.mode = status.st_mode & 07777;
  entry.mtime = status.st_mtim.tv_sec;
  entry.mtime_nsec = static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
  if (S_ISREG(status.st_mode)) {
    entry.size = static_cast<std::uint64_t>(status.st_size);
    // Here, while its status is at hand: looking it up again for the digest would cost more than all the
    // rest.
    if (const auto digest = remembered(path, status); digest && give(path, *digest)) entry.content = *digest;
  }
  if (entry.type == EntryType::kSymlink) entry.link_target = read_link(parent, name, path);
  if (entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice) {
    entry.device_major = major(status.st_rdev);
    entry.device_minor = minor(status.st_rdev);
  }
  if (S_ISREG(status.st_mode) && status.st_nlink > 1) {
    link_groups.with([&](auto& groups) {
      groups.insert_or_assign(path, fmt::format("{:x}:{:x}", status.st_dev, status.st_ino));
    });
  }
  return entry;
}

std::optional<Entry> LocalTree::Impl::child(int parent, const Name& name, const std::string& path,
                                            const Verdict& parent_verdict) const {
  VerdictPtr own;
  if (!ignore.empty()) {
    own = judge(path, parent_verdict);
    // What is ignored is not even looked at, unless it may be a directory to look into.
    const bool maybe_directory = name.type == DT_DIR || name.type == DT_UNKNOWN;
    if (own->ignored && !(maybe_directory && ignore.has_exclusions())) return std::nullopt;
  }
  struct stat status {};
  if (!read_status(parent, name.name, path, status)) return std::nullopt;  // removed meanwhile
  if (own) {
    if (S_ISDIR(status.st_mode)) own = remember(path, own);
    if (own->ignored && !(S_ISDIR(status.st_mode) && shows_directory(path, *own))) return std::nullopt;
  }
  return describe(parent, name.name, path, status);
}

std::optional<struct stat> LocalTree::Impl::status_of(const std::string& path) const {
  if (snapshot::clean_path(path) != path) return std::nullopt;
  struct stat status {};
  try {
    const auto parent = held_directory(std::string(snapshot::parent_path(path)));
    const std::string name = path.empty() ? "." : std::string(snapshot::base_name(path));
    if (!read_status(parent->get(), name, path, status)) return std::nullopt;
  } catch (const base::Error& error) {
    if (is_missing(error.errno_value())) return std::nullopt;
    throw;
  }
  return status;
}

std::optional<base::Digest> LocalTree::Impl::try_hash(int parent, const std::string& path,
                                                      const struct stat& before) const {
  thread_local std::vector<std::byte> buffer(kReadBuffer);
  const std::string name(snapshot::base_name(path));
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  struct stat after {};
  // Without blocking, should a FIFO have taken its place.
  const os::Fd file(
      ::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  base::check(file.get(), "open", path);
  const FileIdentity identity = identity_of(before);
  os::FdSource source(file.get(), path);
  base::Hasher hasher;
  std::uint64_t size = 0;
  while (size < identity.size) {
    const std::size_t count = source.read(buffer);
    if (count == 0) break;
    hasher.update(base::ByteSpan(buffer).first(count));
    size += count;
  }
  base::check(::fstat(file.get(), &after), "read", path);
  if (identity != identity_of(after) || size != identity.size) return std::nullopt;
  const base::Digest digest = hasher.finish();
  digests->put(path, identity, digest, nanoseconds(now));
  return digest;
}

std::optional<base::Digest> LocalTree::Impl::remembered(const std::string& path,
                                                        const struct stat& status) const {
  return digests->find(path, identity_of(status));
}

bool LocalTree::Impl::give(const std::string& path, const base::Digest& digest) const {
  return given.with([&](auto& all) { return all.try_emplace(path, digest).first->second == digest; });
}

base::Digest LocalTree::Impl::hash(const std::string& path, struct stat status) const {
  const auto parent = held_directory(std::string(snapshot::parent_path(path)));
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    if (auto digest = try_hash(parent->get(), path, status)) return *digest;
    if (!read_status(parent->get(), std::string(snapshot::base_name(path)), path, status)) break;
  }
  throw base::Error(base::ErrorKind::kContext, fmt::format("'{}' keeps changing while it is read", path))
      .hint("add it to .dockerignore, or stop what writes to it");
}

LocalTree::LocalTree(const std::string& directory, PatternMatcher ignore,
                     std::shared_ptr<DigestCache> digests)
    : impl_(std::make_unique<Impl>(directory, std::move(ignore), std::move(digests))) {}
LocalTree::~LocalTree() = default;

const std::string& LocalTree::directory() const {
  return impl_->directory;
}

std::optional<Entry> LocalTree::lookup(const std::string& path) const {
  const auto status = impl_->status_of(path);
  if (!status) return std::nullopt;
  const Impl::VerdictPtr verdict = impl_->verdict(path);
  if (verdict->ignored && !(S_ISDIR(status->st_mode) && impl_->shows_directory(path, *verdict)))
    return std::nullopt;
  if (S_ISLNK(status->st_mode)) {
    const os::Fd parent = impl_->open_directory(std::string(snapshot::parent_path(path)));
    return impl_->describe(parent.get(), std::string(snapshot::base_name(path)), path, *status);
  }
  return impl_->describe(-1, {}, path, *status);
}

std::vector<Entry> LocalTree::list(const std::string& path) const {
  std::vector<Entry> entries;
  const Impl::VerdictPtr verdict = impl_->verdict(path);
  if (!impl_->shows_directory(path, *verdict)) return entries;
  os::Fd directory;
  try {
    directory = impl_->open_directory(path);
  } catch (const base::Error& error) {
    if (is_missing(error.errno_value())) return entries;
    throw;
  }
  os::Fd stream(::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0));
  base::check(stream.get(), "read", path);
  std::vector<Name> names = read_names(std::move(stream), path);
  std::sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return a.name < b.name; });
  entries.reserve(names.size());
  for (const Name& name : names) {
    auto entry = impl_->child(directory.get(), name, snapshot::join_path(path, name.name), *verdict);
    if (entry) entries.push_back(std::move(*entry));
  }
  return entries;
}

os::Fd LocalTree::open(const std::string& path) const {
  if (path.empty() || snapshot::clean_path(path) != path || impl_->verdict(path)->ignored)
    throw base::os_error(ENOENT, "open", path);
  const auto parent = impl_->held_directory(std::string(snapshot::parent_path(path)));
  // Without blocking, should it be a FIFO.
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  os::Fd file(::openat(parent->get(), std::string(snapshot::base_name(path)).c_str(), kFlags));
  struct stat status {};
  if (file.valid() && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) return file;
  const int reason = file.valid() ? 0 : errno;
  if (reason == ENXIO) {
    const auto named = impl_->status_of(path);
    if (named && S_ISSOCK(named->st_mode))
      return os::Fd(base::check(::memfd_create("socket", MFD_CLOEXEC), "open", path));
  }
  if (reason != 0 && reason != ELOOP && reason != ENXIO) throw base::os_error(reason, "open", path);
  throw base::Error(base::ErrorKind::kContext, fmt::format("'{}' is no regular file", path));
}

namespace {

[[noreturn]] void changed(const std::string& path) {
  throw base::Error(base::ErrorKind::kContext, fmt::format("'{}' changed during the build", path))
      .hint("add it to .dockerignore, or stop what writes to it");
}

}  // namespace

base::Digest LocalTree::content_digest(const Entry& entry) const {
  const auto status = impl_->status_of(entry.path);
  if (status && S_ISSOCK(status->st_mode)) return base::sha256(std::string_view());
  const bool same =
      status && S_ISREG(status->st_mode) && static_cast<std::uint64_t>(status->st_size) == entry.size;
  if (!same) changed(entry.path);
  const auto known = impl_->remembered(entry.path, *status);
  const base::Digest digest = known ? *known : impl_->hash(entry.path, *status);
  if (!impl_->give(entry.path, digest)) changed(entry.path);
  return digest;
}

std::string LocalTree::link_group(const Entry& entry) const {
  return impl_->link_groups.with([&](const auto& groups) {
    auto found = groups.find(entry.path);
    return found == groups.end() ? std::string() : found->second;
  });
}

bool LocalTree::is_ignored(const std::string& path) const {
  return impl_->status_of(path) && !lookup(path);
}

}  // namespace cooper::context
