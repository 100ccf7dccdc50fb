// Waiting for the disk. Nothing of a step outlives a crash of the machine, so nothing in it waits: an overlay
// that is mounted as volatile answers the same.
#include <fcntl.h>
#include <sys/stat.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/descriptors.h"
#include "sandbox/stub/handlers.h"

namespace cooper::sandbox::stub {
namespace {

bool is_open(int fd) {
  if (is_reserved(fd)) return false;
  const long flags = sys(SYS_fcntl, fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) == 0;
}

}  // namespace

long on_fsync(Call& call) {
  const int fd = call.fd(0);
  if (!is_open(fd)) return -EBADF;
  struct stat status {};
  if (const long error = sys(SYS_fstat, fd, &status); error != 0) return error;
  if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) return 0;
  return sys(call.number, fd);  // a pipe or socket has nothing to sync, and the kernel says so
}

long on_syncfs(Call& call) {
  return is_open(call.fd(0)) ? 0 : -EBADF;
}

long on_sync(Call&) {
  return 0;
}

}  // namespace cooper::sandbox::stub
