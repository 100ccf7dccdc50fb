// Landlock (Linux 5.13; landlock(7)): a process gives up file access for itself and all it will start.
//
// On the tiers without mounts a step has the kernel's identity of the builder. What is granted here is all
// that it can reach, so the store's other parts and the user's own files are out of its hands; where the
// kernel knows scopes (ABI 6), so are the builder's processes. It is no boundary against a kernel's bug, and
// it does not hide that files exist: their names and attributes stay visible.
#pragma once

#include <cstdint>

#include "os/fd.h"

namespace cooper::sandbox {

class Landlock {
 public:
  enum class Access {
    kRead,   // read, list, execute
    kWrite,  // that, and everything that changes files or what is in a directory
  };

  // What the kernel offers: 0 for nothing. Renames between directories are possible from 2 on.
  static int abi();
  // Whether steps can be confined: ABI 1 would refuse every rename between directories.
  static bool usable();

  // An empty set of rules: nothing is granted. Throws Error{kIo}.
  Landlock();

  // Grants access to the file, or to all beneath the directory, that `fd` refers to. Memory files and pipes
  // need no grant, and are passed over. Throws Error{kIo} naming `what`.
  void grant(int fd, Access access, const std::string& what);

  // From now on this process has the granted access only. It must have no_new_privs or CAP_SYS_ADMIN. Throws
  // Error{kIo}.
  void enforce() const;

 private:
  std::uint64_t handled_ = 0;  // LANDLOCK_ACCESS_FS_*
  os::Fd ruleset_;
};

}  // namespace cooper::sandbox
