// flock(2) on a file: leases on the store. Released with the descriptor, so by the kernel when a process is
// killed. Who holds a lock exclusively may remove its file: those that wait for it then lock a new one.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "os/fd.h"

namespace cooper::os {

enum class LockMode { kShared, kExclusive };

class FileLock {
 public:
  // Creates the file when missing and waits for the lock; for locks that are held for a moment.
  static FileLock acquire(const std::string& path, LockMode mode);
  // The same for locks that may be held for long. Throws Error{kCancelled} on a stop request.
  static FileLock acquire(const std::string& path, LockMode mode, const std::stop_token& stop);
  // nullopt when somebody else holds it.
  static std::optional<FileLock> try_acquire(const std::string& path, LockMode mode);
  // Whether somebody holds it exclusively now; false for a missing file, which is not made.
  static bool is_held(const std::string& path);

  // Gives the file the time of now: for locks that tell when what they guard was used last.
  void touch() const;

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace cooper::os
