#include "os/beneath.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "os/path_walk.h"

namespace cooper::os {

namespace {

int call_openat2(int root, const std::string& path, int flags, mode_t mode, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  // openat2 answers EINVAL to a mode that open(2) would ignore.
  const bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  how.mode = creates ? mode & 07777 : 0;
  how.resolve = resolve;
  return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}

// Asked once by doing: old seccomp profiles answer EPERM where the call is merely unknown to them.
bool have_openat2() {
  static const bool kAvailable = Fd(call_openat2(AT_FDCWD, ".", O_PATH, 0, RESOLVE_BENEATH)).valid();
  return kAvailable;
}

std::uint64_t resolve_flags(Symlinks symlinks) {
  return symlinks == Symlinks::kRefuse ? RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS : RESOLVE_IN_ROOT;
}

Fd open_beneath(int root, const std::string& path, int flags, mode_t mode, Symlinks symlinks) {
  if (symlinks == Symlinks::kFollowParents) flags |= O_NOFOLLOW;
  int fd;
  do {
    fd = have_openat2()
             ? call_openat2(root, path, flags, mode, resolve_flags(symlinks) | RESOLVE_NO_MAGICLINKS)
             : open_by_walk(root, path, flags, mode, symlinks);
    // EAGAIN: something was renamed while ".." was resolved, openat2(2).
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  return Fd(base::check(fd, (flags & O_CREAT) != 0 ? "create" : "open", path));
}

}  // namespace

Root::Root(const std::string& directory) : fd_(open_file(directory, O_PATH | O_DIRECTORY)) {}

Fd Root::open_in_root(const std::string& path, int flags, mode_t mode) const {
  return open_beneath(fd_.get(), path, flags, mode, Symlinks::kFollow);
}

Fd Root::open_nofollow(const std::string& path, int flags, mode_t mode) const {
  return open_beneath(fd_.get(), path, flags, mode, Symlinks::kFollowParents);
}

Fd Root::open_exact(const std::string& path, int flags, mode_t mode) const {
  return open_beneath(fd_.get(), path, flags | O_NOFOLLOW, mode, Symlinks::kRefuse);
}

void make_directories(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) return;
  const int number = errno;
  const auto slash = path.find_last_of('/', path.find_last_not_of('/'));
  if (number == ENOENT && slash != std::string::npos && slash > 0) {
    make_directories(path.substr(0, slash), mode);
    if (::mkdir(path.c_str(), mode) == 0) return;
  }
  // EEXIST also covers another thread or process that made it between the calls.
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
  throw base::os_error(number == EEXIST ? ENOTDIR : number, "create directory", path);
}

TempDir::TempDir(const std::string& parent, std::string_view prefix) {
  make_directories(parent);
  std::string name = parent + "/" + std::string(prefix) + "XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) base::throw_errno("create a temporary directory in", parent);
  path_ = std::move(name);
}

TempDir::~TempDir() {
  if (path_.empty()) return;
  try {
    remove_tree(path_);
  } catch (const base::Error&) {
    // A destructor has nobody to tell; what is left lies in a directory of temporary files.
  }
}

}  // namespace cooper::os
