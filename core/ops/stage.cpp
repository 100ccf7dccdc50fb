#include "ops/stage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using snapshot::Form;

constexpr std::size_t kFilesPerTask = 64;

// Whether a disk file already has the owner, mode and time that the entry wants, so that both can share an inode.
bool same_attributes(const struct stat& file, const Entry& entry, Form form) {
  bool same_owner = form == Form::kOwn || (file.st_uid == entry.uid && file.st_gid == entry.gid);
  return same_owner && (file.st_mode & 07777) == entry.mode && file.st_mtim.tv_sec == entry.mtime &&
         file.st_mtim.tv_nsec == entry.mtime_nsec;
}

class Stager {
 public:
  Stager(const snapshot::Staging& staging, Form form) : tree_(staging.tree()), form_(form) {}

  void make_directory(const Entry& entry) const {
    if (entry.path.empty()) return;
    base::check(::mkdir(path_of(entry).c_str(), 0700), "create directory", path_of(entry));
  }

  void place_file(const Addition& addition) const {
    if (addition.bytes.tree == nullptr) {
      write_content(addition);
    } else {
      os::Fd source = addition.bytes.tree->open(addition.bytes.path);
      struct stat info {};
      base::check(::fstat(source.get(), &info), "examine", addition.bytes.path);
      if (addition.bytes.tree->has_immutable_files() && same_attributes(info, addition.entry, form_) &&
          share_inode(source, addition.entry)) {
        return;
      }
      copy_content(source.get(), addition);
    }
  }

  void place_other(const Entry& entry) const {
    std::string path = path_of(entry);
    switch (entry.type) {
      case EntryType::kSymlink:
        base::check(::symlink(entry.link_target.c_str(), path.c_str()), "create symlink", path);
        break;
      case EntryType::kHardlink:
        base::check(::link((tree_ + "/" + entry.link_target).c_str(), path.c_str()), "create hardlink", path);
        return;
      default: make_special(entry, path); break;
    }
    set_attributes(entry, path);
  }

  // Directories get their attributes last: a read-only one could not be filled, and filling it moves its time.
  void finish_directory(const Entry& entry) const { set_attributes(entry, path_of(entry)); }

 private:
  std::string path_of(const Entry& entry) const { return entry.path.empty() ? tree_ : tree_ + "/" + entry.path; }

  bool share_inode(const os::Fd& source, const Entry& entry) const {
    std::string by_fd = fmt::format("/proc/self/fd/{}", source.get());
    return ::linkat(AT_FDCWD, by_fd.c_str(), AT_FDCWD, path_of(entry).c_str(), AT_SYMLINK_FOLLOW) == 0;
  }

  void write_content(const Addition& addition) const {
    std::string path = path_of(addition.entry);
    os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    os::FdSink(file.get(), path).write(std::as_bytes(std::span(addition.bytes.content)));
    set_file_attributes(file.get(), addition.entry);
  }

  void copy_content(int source, const Addition& addition) const {
    const Entry& entry = addition.entry;
    std::string path = path_of(entry);
    os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    os::FdSource in(source, addition.bytes.path);
    os::FdSink out(file.get(), path);
    if (entry.content.empty()) {
      copy_by_kernel(source, file.get(), entry, path);
    } else {
      base::HashingSource hashed(in);
      copy_through(hashed, out);
      if (hashed.digest() != entry.content) changed_meanwhile(addition);
    }
    set_file_attributes(file.get(), entry);
  }

  static void copy_through(base::ByteSource& in, base::ByteSink& out) {
    std::array<std::byte, 64 << 10> buffer;
    while (std::size_t count = in.read(buffer)) out.write(base::ByteSpan(buffer).first(count));
  }

  static void copy_by_kernel(int from, int to, const Entry& entry, const std::string& path) {
    std::uint64_t rest = entry.size;
    while (rest > 0) {
      ssize_t count = ::copy_file_range(from, nullptr, to, nullptr, rest, 0);
      if (count < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EPERM)) {
        os::FdSource in(from, path);
        os::FdSink out(to, path);
        copy_through(in, out);
        return;
      }
      base::check(count, "write", path);
      if (count == 0) break;
      rest -= static_cast<std::uint64_t>(count);
    }
  }

  [[noreturn]] static void changed_meanwhile(const Addition& addition) {
    throw base::Error(base::ErrorKind::kContext,
                      fmt::format("'/{}' changed while it was being copied", addition.bytes.path))
        .hint("build from files that nothing writes to meanwhile");
  }

  void make_special(const Entry& entry, const std::string& path) const {
    mode_t type = entry.type == EntryType::kFifo ? S_IFIFO : entry.type == EntryType::kCharDevice ? S_IFCHR : S_IFBLK;
    dev_t device = makedev(entry.device_major, entry.device_minor);
    if (type != S_IFIFO && form_ != Form::kReal) type = S_IFREG;  // the index knows; the tier cannot make one
    base::check(::mknod(path.c_str(), type | 0600, type == S_IFREG || type == S_IFIFO ? 0 : device), "create", path);
  }

  void set_attributes(const Entry& entry, const std::string& path) const {
    if (form_ != Form::kOwn && (entry.uid != 0 || entry.gid != 0)) {
      base::check(::fchownat(AT_FDCWD, path.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW), "change owner of", path);
    }
    if (entry.type != EntryType::kSymlink) base::check(::chmod(path.c_str(), entry.mode), "change mode of", path);
    std::array<timespec, 2> times = file_times(entry);
    base::check(::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), "set time of", path);
  }

  void set_file_attributes(int fd, const Entry& entry) const {
    if (form_ != Form::kOwn && (entry.uid != 0 || entry.gid != 0)) {
      base::check(::fchown(fd, entry.uid, entry.gid), "change owner of", entry.path);
    }
    base::check(::fchmod(fd, entry.mode), "change mode of", entry.path);
    set_xattrs(fd, entry);
    std::array<timespec, 2> times = file_times(entry);
    base::check(::futimens(fd, times.data()), "set time of", entry.path);
  }

  // The index holds them all; on disk only those that a step could see matter, and only where the tier may set them.
  void set_xattrs(int fd, const Entry& entry) const {
    for (const auto& [name, value] : entry.xattrs) {
      int result = ::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0);
      bool refused = result < 0 && (errno == EPERM || errno == ENOTSUP);
      if (refused && form_ != Form::kReal) continue;
      base::check(result, "set attribute " + name + " of", entry.path);
    }
  }

  static std::array<timespec, 2> file_times(const Entry& entry) {
    timespec time{entry.mtime, static_cast<long>(entry.mtime_nsec)};
    return {time, time};
  }

  std::string tree_;
  Form form_;
};

}  // namespace

snapshot::LayerIndex stage_additions(std::vector<Addition> additions, const snapshot::Staging& staging, Form form,
                                     base::ThreadPool& pool) {
  Stager stager(staging, form);
  std::vector<const Addition*> files;
  for (const Addition& addition : additions) {
    if (addition.entry.is_directory()) stager.make_directory(addition.entry);
    if (addition.entry.type == EntryType::kFile) files.push_back(&addition);
  }
  base::parallel_for(pool, files.size(), kFilesPerTask, [&](std::size_t i) { stager.place_file(*files[i]); });
  for (const Addition& addition : additions) {
    if (!addition.entry.is_directory() && addition.entry.type != EntryType::kFile) stager.place_other(addition.entry);
  }
  std::vector<Entry> entries;
  entries.reserve(additions.size());
  for (std::size_t i = additions.size(); i-- > 0;) {
    if (additions[i].entry.is_directory()) stager.finish_directory(additions[i].entry);
  }
  for (Addition& addition : additions) entries.push_back(std::move(addition.entry));
  return snapshot::LayerIndex(std::move(entries));
}

}  // namespace cooper::ops
