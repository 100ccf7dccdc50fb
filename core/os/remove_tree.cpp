// remove_tree(): deletes trees that hostile archives may have shaped: unreadable directories, nesting deeper
// than there are descriptors, symlinks everywhere.
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"

namespace cooper::os {

namespace {

// One descriptor is open per level; deeper directories are moved up to the tree's root, which is read again
// until it is empty.
constexpr int kMaximumDepth = 32;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

class TreeRemover {
 public:
  TreeRemover(int parent, std::string display) : top_parent_(parent), display_(std::move(display)) {}

  void remove(const std::string& name) { remove_entry(top_parent_, name, 0); }

 private:
  [[noreturn]] void fail(const std::string& name) const {
    throw base::os_error(errno, "remove",
                         name == display_ ? display_ : fmt::format("{}: {}", display_, name));
  }

  void remove_entry(int parent, const std::string& name, int depth) {
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
    // EISDIR is Linux's answer for a directory, EPERM POSIX's; EACCES: `parent` is not writable yet.
    if (errno == EACCES && make_accessible(parent, ".") && ::unlinkat(parent, name.c_str(), 0) == 0) return;
    if (errno != EISDIR && (errno != EPERM || !is_directory(parent, name))) fail(name);
    if (depth >= kMaximumDepth) return move_up(parent, name);
    remove_directory(parent, name, depth);
  }

  // Leaves errno alone: the caller reports the failure that made it ask.
  static bool is_directory(int parent, const std::string& name) {
    const int number = errno;
    struct stat status {};
    const bool result =
        ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
    errno = number;
    return result;
  }

  void remove_directory(int parent, const std::string& name, int depth) {
    // Some file systems skip entries when a directory changes while it is read, so it is read again until it
    // is empty.
    while (true) {
      const std::size_t removed = remove_children(parent, name, depth);
      if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
      if (errno != ENOTEMPTY || removed == 0) fail(name);
    }
  }

  std::size_t remove_children(int parent, const std::string& name, int depth) {
    Directory directory = open_directory(parent, name);
    const int fd = ::dirfd(directory.get());
    if (depth == 0) top_ = fd;
    std::size_t removed = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string child = entry->d_name;
      if (child == "." || child == "..") continue;
      remove_entry(fd, child, depth + 1);
      ++removed;
    }
    return removed;
  }

  Directory open_directory(int parent, const std::string& name) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = ::openat(parent, name.c_str(), kFlags);
    if (fd < 0 && errno == EACCES && make_accessible(parent, name))
      fd = ::openat(parent, name.c_str(), kFlags);
    if (fd < 0) fail(name);
    // Readable is not enough: its children must be removable too.
    struct stat status {};
    if (::fstat(fd, &status) == 0 && (status.st_mode & S_IRWXU) != S_IRWXU) ::fchmod(fd, S_IRWXU);
    Directory directory(::fdopendir(fd));
    if (directory == nullptr) {
      ::close(fd);
      fail(name);
    }
    return directory;
  }

  // Never follows a symlink: fchmodat does, so the entry is opened first and changed through its descriptor.
  static bool make_accessible(int parent, const std::string& name) {
    const Fd fd(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return false;
    return ::chmod(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), S_IRWXU) == 0;
  }

  void move_up(int parent, const std::string& name) {
    make_accessible(parent, name);  // renaming a directory writes its ".."
    const std::string fresh = fmt::format(".removing-{}-{}", ::getpid(), ++counter_);
    if (::renameat(parent, name.c_str(), top_, fresh.c_str()) < 0) fail(name);
  }

  int top_parent_;
  std::string display_;
  int top_ = -1;  // the tree's own root, open while anything below it is removed
  int counter_ = 0;
};

}  // namespace

void remove_tree(const std::string& path) {
  // One call settles the common small cases without opening anything.
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return;
  if (::rmdir(path.c_str()) == 0) return;
  const auto end = path.find_last_not_of('/');
  if (end == std::string::npos) throw base::os_error(EBUSY, "remove", path);
  const std::string trimmed = path.substr(0, end + 1);
  const auto slash = trimmed.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : trimmed.substr(0, slash);
  const Fd directory = open_file(parent, O_PATH | O_DIRECTORY);
  TreeRemover(directory.get(), path).remove(slash == std::string::npos ? trimmed : trimmed.substr(slash + 1));
}

}  // namespace cooper::os
