#include "snapshot/tree_writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.h"
#include "snapshot/xattrs.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kRecentDirectories = 32;
constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::array<timespec, 2> times_of(const Entry& entry) {
  timespec time{};
  time.tv_sec = entry.mtime;
  time.tv_nsec = entry.mtime_nsec < 1'000'000'000 ? entry.mtime_nsec : 0;
  return {time, time};
}

bool same_time(const struct stat& status, const Entry& entry) {
  return status.st_mtim.tv_sec == entry.mtime && status.st_mtim.tv_nsec == entry.mtime_nsec;
}

bool lies_on_overlay(int file) {
  struct statfs status {};
  return ::fstatfs(file, &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC;
}

bool is_type(const struct stat& status, EntryType type) {
  switch (type) {
    case EntryType::kFile:
    case EntryType::kHardlink:
      return S_ISREG(status.st_mode);
    case EntryType::kDirectory:
      return S_ISDIR(status.st_mode);
    case EntryType::kSymlink:
      return S_ISLNK(status.st_mode);
    case EntryType::kFifo:
      return S_ISFIFO(status.st_mode);
    case EntryType::kWhiteout:
      return S_ISCHR(status.st_mode) && status.st_rdev == 0;
    // Placeholders are files.
    case EntryType::kCharDevice:
      return S_ISCHR(status.st_mode) || S_ISREG(status.st_mode);
    case EntryType::kBlockDevice:
      return S_ISBLK(status.st_mode) || S_ISREG(status.st_mode);
  }
  return false;
}

}  // namespace

std::uint32_t disk_mode(const Entry& entry, Form form) {
  const std::uint32_t mode = entry.mode & 07777U;
  if (form != Form::kOwn) return mode;
  return entry.is_directory() ? (mode & 0777U) | 0700U : (mode & 0777U) | 0600U;
}

TreeWriter::TreeWriter(const std::string& tree, Form form)
    : tree_(tree), form_(form), owners_(form), root_(os::open_file(tree, kOpenDirectory)) {}

std::string TreeWriter::shown(std::string_view path) const {
  return fmt::format("{}/{}", tree_, path);
}

// "." for the root, so that it is reached by the same calls.
std::string TreeWriter::name_of(const Entry& entry) const {
  return entry.path.empty() ? "." : std::string(base_name(entry.path));
}

TreeWriter::Directory TreeWriter::remember(std::string_view path, os::Fd fd) {
  if (recent_.size() >= kRecentDirectories) recent_.pop_back();
  recent_.insert(recent_.begin(), {std::string(path), std::make_shared<os::Fd>(std::move(fd))});
  return recent_.front().second;
}

// The directory at `path`, made with its parents where it is missing.
TreeWriter::Directory TreeWriter::directory(std::string_view path) {
  auto known =
      std::find_if(recent_.begin(), recent_.end(), [&](const auto& item) { return item.first == path; });
  if (known != recent_.end()) {
    std::rotate(recent_.begin(), known, known + 1);
    return recent_.front().second;
  }
  if (path.empty())
    return remember(path, os::Fd(base::check(::openat(root_.fd(), ".", kOpenDirectory), "open", tree_)));

  Directory above = directory(parent_path(path));
  std::string name(base_name(path));
  int fd = ::openat(above->get(), name.c_str(), kOpenDirectory);
  if (fd < 0 && errno == ENOENT) {
    // EEXIST: another writer of the same tree was first.
    if (::mkdirat(above->get(), name.c_str(), 0755) == 0) {
      base::check(::fchmodat(above->get(), name.c_str(), 0755, 0), "set the mode of", shown(path));
    } else if (errno != EEXIST) {
      base::throw_errno("create directory", shown(path));
    }
    fd = ::openat(above->get(), name.c_str(), kOpenDirectory);
  }
  return remember(path, os::Fd(base::check(fd, "open directory", shown(path))));
}

os::Fd TreeWriter::create_file(const Entry& entry) {
  Directory above = parent(entry);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  return os::Fd(
      base::check(::openat(above->get(), name_of(entry).c_str(), kFlags, disk_mode(entry, form_) & 0777U),
                  "create", shown(entry.path)));
}

bool TreeWriter::share_file(const os::Fd& source, const Entry& entry) {
  struct stat status {};
  base::check(::fstat(source.get(), &status), "examine", shown(entry.path));
  bool same_owner = !owners_.any() || (status.st_uid == entry.uid && status.st_gid == entry.gid);
  bool same_mode = (status.st_mode & 07777U) == disk_mode(entry, form_);
  if (!same_owner || !same_mode || !same_time(status, entry)) return false;
  std::string by_fd = fmt::format("/proc/self/fd/{}", source.get());
  return ::linkat(AT_FDCWD, by_fd.c_str(), parent(entry)->get(), name_of(entry).c_str(), AT_SYMLINK_FOLLOW) ==
         0;
}

void TreeWriter::finish_file(const os::Fd& file, const Entry& entry) {
  set_owner_and_mode(file.get(), "", entry);
  set_xattrs(file.get(), entry);
  base::check(::futimens(file.get(), times_of(entry).data()), "set the times of", shown(entry.path));
}

void TreeWriter::add(const Entry& entry) {
  if (entry.is_directory()) return make_directory(entry);
  Directory above = parent(entry);
  std::string name = name_of(entry);
  switch (entry.type) {
    case EntryType::kSymlink:
      base::check(::symlinkat(entry.link_target.c_str(), above->get(), name.c_str()), "create symlink",
                  shown(entry.path));
      break;
    case EntryType::kHardlink: {
      Directory from = directory(parent_path(entry.link_target));
      std::string target(base_name(entry.link_target));
      base::check(::linkat(from->get(), target.c_str(), above->get(), name.c_str(), 0), "create hardlink",
                  shown(entry.path));
      return;  // the inode has its attributes
    }
    case EntryType::kFifo:
      base::check(::mkfifoat(above->get(), name.c_str(), 0600), "create fifo", shown(entry.path));
      break;
    case EntryType::kCharDevice:
    case EntryType::kBlockDevice:
      make_device(entry);
      break;
    case EntryType::kWhiteout:
      return make_whiteout(entry);
    case EntryType::kFile:
    case EntryType::kDirectory:
      throw base::Error(base::ErrorKind::kInternal, "TreeWriter::add() given a file");
  }
  set_attributes(above->get(), entry);
}

void TreeWriter::make_directory(const Entry& entry) {
  Directory opened;
  if (entry.path.empty()) {
    opened = directory("");
  } else {
    Directory above = parent(entry);
    if (::mkdirat(above->get(), name_of(entry).c_str(), disk_mode(entry, form_) & 0777U) < 0 &&
        errno != EEXIST) {
      base::throw_errno("create directory", shown(entry.path));
    }
    opened = directory(entry.path);
  }
  if (entry.opaque && ::fsetxattr(opened->get(), kOpaqueXattr, "y", 1, 0) < 0) {
    // Without mounts the mark serves nobody, and the index has it. An overlay may keep the name to itself.
    const int number = errno;
    if (number == ENOSPC || (form_ != Form::kOwn && !lies_on_overlay(opened->get()))) {
      throw base::os_error(number, "mark as opaque", shown(entry.path))
          .hint("put the store on a file system with user extended attributes, such as ext4, xfs or btrfs");
    }
  }
  set_attributes(opened->get(), entry);
}

void TreeWriter::make_whiteout(const Entry& entry) {
  Directory above = parent(entry);
  if (::mknodat(above->get(), name_of(entry).c_str(), S_IFCHR, 0) == 0) return;
  const int number = errno;
  // Every user may make these from Linux 5.8 on; before, a tier without mknod has no mounts that would need
  // them. On an overlay, which a container's own file system is, nobody may; nor can it hold such mounts.
  if (number == EPERM && (form_ == Form::kOwn || lies_on_overlay(above->get()))) return;
  throw base::os_error(number, "create whiteout", shown(entry.path));
}

void TreeWriter::make_device(const Entry& entry) {
  Directory above = parent(entry);
  std::string name = name_of(entry);
  mode_t type = entry.type == EntryType::kCharDevice ? S_IFCHR : S_IFBLK;
  // Device 0:0 would read as a whiteout.
  bool is_whiteout = type == S_IFCHR && entry.device_major == 0 && entry.device_minor == 0;
  if (form_ == Form::kReal && !is_whiteout) {
    if (::mknodat(above->get(), name.c_str(), type, makedev(entry.device_major, entry.device_minor)) == 0)
      return;
    // A container's device rules may forbid what root could do.
    if (errno != EPERM) base::throw_errno("create device", shown(entry.path));
  }
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  os::Fd placeholder(
      base::check(::openat(above->get(), name.c_str(), kFlags, 0600), "create", shown(entry.path)));
}

// An empty name means `at` itself. Changes only what differs: a change costs the file system's journal ten
// times what a look costs.
void TreeWriter::set_owner_and_mode(int at, const std::string& name, const Entry& entry) {
  struct stat now {};
  base::check(::fstatat(at, name.c_str(), &now, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), "examine",
              shown(entry.path));
  const mode_t mode = disk_mode(entry, form_);
  bool is_mode_known = true;
  if (owners_.any()) {
    const uid_t uid = owners_.holds_user(entry.uid) ? entry.uid : 0;
    const gid_t gid = owners_.holds_group(entry.gid) ? entry.gid : 0;
    if (now.st_uid != uid || now.st_gid != gid) {
      base::check(::fchownat(at, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
                  "set the owner of", shown(entry.path));
      // It clears these bits of a file, and not of a directory, which may have got them from the one above
      // it.
      is_mode_known = ((now.st_mode | mode) & (S_ISUID | S_ISGID)) == 0;
    }
  }
  if (entry.type == EntryType::kSymlink || (is_mode_known && (now.st_mode & 07777U) == mode)) return;
  base::check(name.empty() ? ::fchmod(at, mode) : ::fchmodat(at, name.c_str(), mode, 0), "set the mode of",
              shown(entry.path));
}

// By name below `parent`; for a directory `parent` is the directory itself.
void TreeWriter::set_attributes(int parent, const Entry& entry) {
  if (entry.is_directory()) {
    set_owner_and_mode(parent, "", entry);
    set_xattrs(parent, entry);
    return;
  }
  std::string name = name_of(entry);
  set_owner_and_mode(parent, name, entry);
  if (entry.type == EntryType::kFile && !entry.xattrs.empty()) {
    constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    os::Fd file(base::check(::openat(parent, name.c_str(), kFlags), "open", shown(entry.path)));
    set_xattrs(file.get(), entry);
  }
  base::check(::utimensat(parent, name.c_str(), times_of(entry).data(), AT_SYMLINK_NOFOLLOW),
              "set the times of", shown(entry.path));
}

// What the file system or the kernel refuses is not lost: the index has it.
void TreeWriter::set_xattrs(int file, const Entry& entry) {
  for (const auto& [name, value] : entry.xattrs) {
    if (!belongs_on_disk(name)) continue;
    if (::fsetxattr(file, name.c_str(), value.data(), value.size(), 0) < 0 && errno == EIO) {
      base::throw_errno("set extended attribute '" + name + "' of", shown(entry.path));
    }
  }
}

bool TreeWriter::exists(const Entry& entry) {
  struct stat status {};
  if (::fstatat(parent(entry)->get(), name_of(entry).c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT) return false;
    base::throw_errno("examine", shown(entry.path));
  }
  if (!is_type(status, entry.type)) {
    throw base::Error(base::ErrorKind::kInternal,
                      fmt::format("'{}' is of another type than the layer's index says", shown(entry.path)));
  }
  return true;
}

void TreeWriter::adopt_file(const Entry& entry, bool has_own_links) {
  Directory above = parent(entry);
  std::string name = name_of(entry);
  struct stat status {};
  if (::fstatat(above->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != entry.size) {
    throw base::Error(base::ErrorKind::kInternal,
                      fmt::format("'{}' is not the file of {} bytes that the layer's index says",
                                  shown(entry.path), entry.size));
  }
  bool same_owner = !owners_.any() || (status.st_uid == entry.uid && status.st_gid == entry.gid);
  bool same_mode = (status.st_mode & 07777U) == disk_mode(entry, form_);
  if (same_owner && same_mode && same_time(status, entry) && entry.xattrs.empty()) return;
  if (status.st_nlink > 1 && !has_own_links) return unshare_file(above->get(), entry);
  set_attributes(above->get(), entry);
}

void TreeWriter::unshare_file(int parent, const Entry& entry) {
  std::string name = name_of(entry);
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  os::Fd shared(base::check(::openat(parent, name.c_str(), kFlags), "open", shown(entry.path)));
  base::check(::unlinkat(parent, name.c_str(), 0), "remove", shown(entry.path));
  os::Fd own = create_file(entry);
  os::FdSource source(shared.get(), shown(entry.path));
  os::FdSink sink(own.get(), shown(entry.path));
  base::copy_all(source, sink);
  finish_file(own, entry);
}

void TreeWriter::adopt(const LayerIndex& index, bool files_finished) {
  for (const Entry& entry : index.entries()) {
    if (entry.type == EntryType::kFile) {
      if (!files_finished) adopt_file(entry, index.is_link_target(entry.path));
    } else if (entry.is_directory() || !exists(entry)) {
      add(entry);
    } else if (entry.type != EntryType::kHardlink && entry.type != EntryType::kWhiteout) {
      set_attributes(parent(entry)->get(), entry);
    }
  }
  finish_directories(index);
}

void TreeWriter::remove(const std::string& path) {
  std::erase_if(recent_, [&](const auto& item) { return item.first == path || is_below(item.first, path); });
  Directory above = directory(parent_path(path));
  std::string name(base_name(path));
  if (::unlinkat(above->get(), name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) base::throw_errno("remove", shown(path));
  os::remove_tree(shown(path));
}

void TreeWriter::finish_directories(const LayerIndex& index) {
  for (const Entry& entry : index.entries()) {
    if (!entry.is_directory()) continue;
    Directory above = parent(entry);
    base::check(
        ::utimensat(above->get(), name_of(entry).c_str(), times_of(entry).data(), AT_SYMLINK_NOFOLLOW),
        "set the times of", shown(entry.path));
  }
}

}  // namespace cooper::snapshot
