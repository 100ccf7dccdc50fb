// Finds the place of a mount inside the new root, making what is missing, without ever leaving the root:
// symlinks of the image are expanded as if the root were `/`, even dangling ones (/etc/resolv.conf ->
// ../run/systemd/resolve/stub-resolv.conf).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "os/fd.h"

namespace cooper::sandbox {

enum class MountPointType { kDirectory, kFile };

class MountPoints {
 public:
  // `root`: the new root's directory, borrowed.
  explicit MountPoints(int root);

  // The opened (O_PATH) mount point for `target`. Throws Error{kIo} naming the target. Directories and empty
  // files that had to be made on the root's own file system are remembered as stubs, and their parents keep
  // their times, unless `keep`.
  os::Fd prepare(const std::string& target, MountPointType type, bool keep = false);

  // mkdir -p inside the root; what is made stays. Throws Error{kIo}.
  void make_directory(const std::string& path);

  // Paths relative to the root, in the order they were made; a directory ends in '/'.
  const std::vector<std::string>& stubs() const { return stubs_; }

 private:
  int root_;
  dev_t root_device_ = 0;
  std::vector<std::string> stubs_;
};

// Removes stubs from an overlay's upper directory after its step has ended, where they are still empty, so
// that they do not become part of the layer; their parents' times stay. BuildKit does the same for the
// targets of RUN's mounts. Never throws for stubs that changed.
void remove_stubs(const std::string& upper, const std::vector<std::string>& stubs);

}  // namespace cooper::sandbox
