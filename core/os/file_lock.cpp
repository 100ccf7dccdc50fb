#include "os/file_lock.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cancellation.h"
#include "base/error.h"

namespace cooper::os {

namespace {

int operation(LockMode mode) {
  return mode == LockMode::kExclusive ? LOCK_EX : LOCK_SH;
}

// A shared lock needs no write permission, so a store that is read-only to us can still be leased.
Fd open_lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return Fd(fd);
  return open_file(path, O_RDWR | O_CREAT, 0644);
}

// False when LOCK_NB was given and the lock is held elsewhere.
bool lock(const Fd& fd, int how, const std::string& path) {
  while (::flock(fd.get(), how) < 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) base::throw_errno("lock", path);
  }
  return true;
}

// A file that was removed before we had its lock guards nothing any more.
bool was_removed(const Fd& fd) {
  struct stat status {};
  return ::fstat(fd.get(), &status) == 0 && status.st_nlink == 0;
}

}  // namespace

FileLock FileLock::acquire(const std::string& path, LockMode mode) {
  Fd fd;
  do {
    fd = open_lock(path);
    lock(fd, operation(mode), path);
  } while (was_removed(fd));
  return FileLock(std::move(fd));
}

// flock(2) can be waited for only by blocking in it, where no stop request would be heard, so it is asked
// again and again, soon at first.
FileLock FileLock::acquire(const std::string& path, LockMode mode, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kLongestWait{50};
  Fd fd = open_lock(path);
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock hold(mutex);
  for (std::chrono::milliseconds wait{1}; !lock(fd, operation(mode) | LOCK_NB, path);
       wait = std::min(wait * 2, kLongestWait)) {
    wake.wait_for(hold, stop, wait, [] { return false; });
    base::throw_if_stopped(stop);
    if (was_removed(fd)) fd = open_lock(path);
  }
  if (was_removed(fd)) return acquire(path, mode, stop);
  return FileLock(std::move(fd));
}

std::optional<FileLock> FileLock::try_acquire(const std::string& path, LockMode mode) {
  Fd fd;
  do {
    fd = open_lock(path);
    if (!lock(fd, operation(mode) | LOCK_NB, path)) return std::nullopt;
  } while (was_removed(fd));
  return FileLock(std::move(fd));
}

bool FileLock::is_held(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.valid() && !lock(fd, LOCK_SH | LOCK_NB, path);
}

// Nobody depends on it where we may not: a file of another user in a store that is not ours to clear.
void FileLock::touch() const {
  ::futimens(fd_.get(), nullptr);
}

}  // namespace cooper::os
