// The reserved descriptors (abi.h): to the step they are not open.
#pragma once

#include "sandbox/stub/identity.h"

namespace cooper::sandbox::stub {

inline bool is_reserved(int fd) {
  if (fd < kRootFd) return false;
  return fd < kFirstBindFd + static_cast<int>(board().bind_count) || fd == kChangedRootFd;
}

}  // namespace cooper::sandbox::stub
