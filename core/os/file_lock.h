// flock(2) on a file: leases on the store. Released with the descriptor, so by the kernel when a process is
// killed.
#pragma once

#include <optional>
#include <string>

#include "os/fd.h"

namespace cooper::os {

enum class LockMode { kShared, kExclusive };

class FileLock {
 public:
  // Creates the file when missing and waits for the lock.
  static FileLock acquire(const std::string& path, LockMode mode);
  // nullopt when somebody else holds it.
  static std::optional<FileLock> try_acquire(const std::string& path, LockMode mode);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace cooper::os
