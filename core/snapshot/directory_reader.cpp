#include "snapshot/directory_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <unordered_map>

#include "base/error.h"
#include "os/fd.h"
#include "os/file_time.h"
#include "snapshot/tree_writer.h"
#include "snapshot/xattrs.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kDirectoriesAtOnce = 8;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

bool is_device(EntryType type) {
  return type == EntryType::kCharDevice || type == EntryType::kBlockDevice;
}

EntryType type_of(const struct stat& status) {
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR:
      return EntryType::kDirectory;
    case S_IFLNK:
      return EntryType::kSymlink;
    case S_IFIFO:
      return EntryType::kFifo;
    case S_IFBLK:
      return EntryType::kBlockDevice;
    case S_IFCHR:
      return status.st_rdev == 0 ? EntryType::kWhiteout : EntryType::kCharDevice;
    default:
      return EntryType::kFile;
  }
}

// The first name of an inode in path order is the file, the others are hardlinks to it.
void join_hardlinks(std::vector<FoundEntry>& all) {
  std::unordered_map<std::uint64_t, const Entry*> first_names;
  for (FoundEntry& found : all) {
    if (found.links < 2 || found.entry.type != EntryType::kFile) continue;
    auto [first, is_first] = first_names.try_emplace(found.inode, &found.entry);
    if (is_first) continue;
    found.entry.type = EntryType::kHardlink;
    found.entry.link_target = first->second->path;
  }
}

}  // namespace

DirectoryReader::DirectoryReader(const std::string& directory, Kind kind, Form form, Known known)
    : directory_(directory),
      kind_(kind),
      form_(form),
      known_(std::move(known)),
      owners_(form),
      root_(directory) {}

// The children of one directory.
std::vector<FoundEntry> DirectoryReader::read_directory(const std::string& path) const {
  os::Fd fd = root_.open_exact(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY);
  std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd.get()));
  if (stream == nullptr) base::throw_errno("read directory", shown(path));
  int parent = fd.release();
  std::vector<FoundEntry> children;
  errno = 0;
  while (const dirent* item = ::readdir(stream.get())) {
    std::string name = item->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    base::check(::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "examine",
                shown(path + "/" + name));
    if (!passes_over(parent, name, path, status))
      children.push_back(read_entry(parent, name, join_path(path, name), status));
    errno = 0;
  }
  if (errno != 0) base::throw_errno("read directory", shown(path));
  return children;
}

// A cache mount keeps no devices: what restores it is not to make any for whoever wrote to the cache.
bool DirectoryReader::passes_over(int parent, const std::string& name, const std::string& path,
                                  const struct stat& status) const {
  if (kind_ == Kind::kPlain)
    return S_ISSOCK(status.st_mode) || S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
  if (!S_ISSOCK(status.st_mode)) return false;
  base::check(::unlinkat(parent, name.c_str(), 0), "remove socket", shown(path + "/" + name));
  return true;
}

std::string DirectoryReader::shown(std::string_view path) const {
  return fmt::format("{}/{}", directory_, path);
}

FoundEntry DirectoryReader::read_entry(int parent, const std::string& name, std::string path,
                                       const struct stat& status) const {
  FoundEntry found;
  Entry& entry = found.entry;
  entry.path = std::move(path);
  entry.type = type_of(status);
  if (entry.type == EntryType::kWhiteout) return found;
  found.device = status.st_dev;
  found.inode = status.st_ino;
  found.links = status.st_nlink;
  entry.mode = status.st_mode & 07777U;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.mtime = status.st_mtim.tv_sec;
  entry.mtime_nsec = static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
  found.status_changed = os::nanoseconds(status.st_ctim);
  found.accessed = status.st_atim.tv_sec;
  if (entry.type == EntryType::kFile) entry.size = static_cast<std::uint64_t>(status.st_size);
  if (entry.type == EntryType::kSymlink) entry.link_target = read_link(parent, name, entry.path);
  if (is_device(entry.type)) {
    entry.device_major = major(status.st_rdev);
    entry.device_minor = minor(status.st_rdev);
  }
  if (entry.type == EntryType::kFile || entry.is_directory()) read_attributes(parent, name, entry);
  if (form_ != Form::kReal && kind_ != Kind::kFarm) restore_from_known(entry);
  return found;
}

std::string DirectoryReader::read_link(int parent, const std::string& name, const std::string& path) const {
  std::array<char, PATH_MAX> target{};
  ssize_t size = ::readlinkat(parent, name.c_str(), target.data(), target.size());
  return {target.data(), static_cast<std::size_t>(base::check(size, "read symlink", shown(path)))};
}

void DirectoryReader::read_attributes(int parent, const std::string& name, Entry& entry) const {
  DiskXattrs xattrs = read_xattrs(parent, name, shown(entry.path));
  entry.xattrs = std::move(xattrs.kept);
  if (!xattrs.opaque || !entry.is_directory() || kind_ != Kind::kUpper) return;
  // Overlay marks every new directory as opaque; it means something only where there is one to hide.
  std::optional<Entry> hidden = known_(entry.path);
  entry.opaque = hidden && hidden->is_directory();
  if (!entry.opaque) return;
  // The tree will be a lower layer of mounts that read this one of the two marks; where there already,
  // nothing changes.
  std::string place = fmt::format("/proc/self/fd/{}/{}", parent, name);
  base::check(::lsetxattr(place.c_str(), kOpaqueXattr, "y", 1, 0), "mark as opaque", shown(entry.path));
}

// What the disk could not say because the form cannot hold it.
void DirectoryReader::restore_from_known(Entry& entry) const {
  std::optional<Entry> below = known_(entry.path);
  if (below && entry.type == EntryType::kFile && entry.size == 0 && is_device(below->type)) {
    entry.type = below->type;  // a placeholder that was copied up
    entry.device_major = below->device_major;
    entry.device_minor = below->device_minor;
  }
  bool same = below && below->type == entry.type;
  if (form_ == Form::kMapped) {
    if (same && entry.uid == 0 && !owners_.holds_user(below->uid)) entry.uid = below->uid;
    if (same && entry.gid == 0 && !owners_.holds_group(below->gid)) entry.gid = below->gid;
    return;
  }
  entry.uid = same ? below->uid : 0;
  entry.gid = same ? below->gid : 0;
  if (!same) return;
  if (entry.mode == disk_mode(*below, form_)) entry.mode = below->mode;
  // The kernel drops capabilities when a file is written; unwritten, it has those that we could not set.
  auto capability = below->xattrs.find(kCapabilityXattr);
  bool unwritten =
      entry.size == below->size && entry.mtime == below->mtime && entry.mtime_nsec == below->mtime_nsec;
  if (capability != below->xattrs.end() && unwritten) entry.xattrs.insert(*capability);
}

std::vector<FoundEntry> DirectoryReader::read_all(base::ThreadPool& pool) const {
  std::vector<FoundEntry> all;
  // Level by level, the directories of one level side by side.
  for (std::vector<std::string> level{""}; !level.empty();) {
    std::vector<std::vector<FoundEntry>> children(level.size());
    base::parallel_for(pool, level.size(), kDirectoriesAtOnce,
                       [&](std::size_t i) { children[i] = read_directory(level[i]); });
    level.clear();
    for (std::vector<FoundEntry>& siblings : children) {
      for (FoundEntry& found : siblings) {
        if (found.entry.is_directory()) level.push_back(found.entry.path);
        all.push_back(std::move(found));
      }
    }
  }
  std::sort(all.begin(), all.end(),
            [](const FoundEntry& a, const FoundEntry& b) { return path_less(a.entry.path, b.entry.path); });
  return all;
}

LayerIndex make_index(std::vector<FoundEntry> found) {
  join_hardlinks(found);
  std::vector<Entry> entries;
  entries.reserve(found.size());
  for (FoundEntry& item : found) entries.push_back(std::move(item.entry));
  return LayerIndex(std::move(entries));
}

}  // namespace cooper::snapshot
