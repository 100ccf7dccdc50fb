// File access that cannot leave its root: every path is resolved beneath a directory descriptor with openat2
// (RESOLVE_IN_ROOT or RESOLVE_BENEATH, Linux 5.6), or by an own walk where openat2 is missing (old kernels,
// old seccomp profiles answer EPERM, gVisor).
#pragma once

#include <string>
#include <string_view>
#include <sys/stat.h>

#include "os/fd.h"

namespace cooper::os {

class Root {
 public:
  explicit Root(const std::string& directory);  // opens it; throws Error{kIo}
  explicit Root(Fd directory) : fd_(std::move(directory)) {}

  int fd() const { return fd_.get(); }

  // Opens `path` with symlinks resolved as if the root were `/` (they cannot escape it). Throws Error{kIo}.
  Fd open_in_root(const std::string& path, int flags, mode_t mode = 0) const;
  // The same without following a symlink in the last component (O_NOFOLLOW, and no escape).
  Fd open_nofollow(const std::string& path, int flags, mode_t mode = 0) const;
  // Opens `path` where no component may be a symlink: for trees whose layout we know from an index.
  Fd open_exact(const std::string& path, int flags, mode_t mode = 0) const;

 private:
  Fd fd_;
};

// Removes what `path` names with all below it, never following a symlink, making unreadable directories
// accessible first. A missing path is fine. Throws Error{kIo} naming what could not be removed.
void remove_tree(const std::string& path);
// mkdir -p; throws Error{kIo}.
void make_directories(const std::string& path, mode_t mode = 0755);

// A directory that is removed with all its content in the destructor.
class TempDir {
 public:
  explicit TempDir(const std::string& parent, std::string_view prefix = "tmp-");
  ~TempDir();
  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir& operator=(TempDir&&) = delete;
  const std::string& path() const { return path_; }
  std::string release() { return std::exchange(path_, {}); }

 private:
  std::string path_;
};

}  // namespace cooper::os
