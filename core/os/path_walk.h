// Opens a path beneath a root directory component by component, in user space.
//
// The stand-in for openat2 on kernels before 5.6, under seccomp profiles that answer EPERM, and on gVisor.
// Every component is opened with O_NOFOLLOW, ".." goes back along the descriptors that were opened on the way
// down (so a directory moved meanwhile cannot lead outside), and symlinks are expanded as if the root were
// `/`.
#pragma once

#include <string>
#include <sys/types.h>

#include "os/fd.h"

namespace cooper::os {

enum class Symlinks {
  kFollow,         // all, inside the root (RESOLVE_IN_ROOT)
  kFollowParents,  // all but the last component's (and O_NOFOLLOW for it)
  kRefuse,         // ELOOP on any (RESOLVE_NO_SYMLINKS)
};

// The descriptor, or -1 with errno set as open(2) does.
int open_by_walk(int root, const std::string& path, int flags, mode_t mode, Symlinks symlinks);

}  // namespace cooper::os
