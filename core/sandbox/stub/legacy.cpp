#include "sandbox/stub/legacy.h"

#ifdef SYS_open

#include <fcntl.h>
#include <initializer_list>
#include <sys/time.h>
#include <time.h>
#include <utime.h>

namespace cooper::sandbox::stub {
namespace {

long as(Call& call, Handler handler, long number, std::initializer_list<long> arguments) {
  Call other{.number = number, .arguments = {}, .context = call.context};
  long* out = other.arguments;
  for (const long argument : arguments) *out++ = argument;
  return handler(other);
}

long set_times(Call& call, long directory, long path, const timespec* times) {
  return as(call, on_utimensat, SYS_utimensat, {directory, path, reinterpret_cast<long>(times), 0});
}

long set_times(Call& call, long directory, long path, const timeval* given) {
  if (given == nullptr) return set_times(call, directory, path, static_cast<const timespec*>(nullptr));
  if (!is_address(given)) return -EFAULT;
  timespec times[2];
  for (int i = 0; i < 2; ++i) {
    if (given[i].tv_usec < 0 || given[i].tv_usec >= 1000000) return -EINVAL;
    times[i] = {.tv_sec = given[i].tv_sec, .tv_nsec = given[i].tv_usec * 1000};
  }
  return set_times(call, directory, path, times);
}

}  // namespace

long on_stat(Call& call) {
  const long(&a)[6] = call.arguments;
  return as(call, on_newfstatat, SYS_newfstatat, {AT_FDCWD, a[0], a[1], 0});
}

long on_lstat(Call& call) {
  const long(&a)[6] = call.arguments;
  return as(call, on_newfstatat, SYS_newfstatat, {AT_FDCWD, a[0], a[1], AT_SYMLINK_NOFOLLOW});
}

long on_open(Call& call) {
  const long(&a)[6] = call.arguments;
  return as(call, on_openat, SYS_openat, {AT_FDCWD, a[0], a[1], a[2]});
}

long on_creat(Call& call) {
  const long(&a)[6] = call.arguments;
  return as(call, on_openat, SYS_openat, {AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1]});
}

long on_access(Call& call) {
  return as(call, on_faccessat, SYS_faccessat, {AT_FDCWD, call.arguments[0], call.arguments[1]});
}

long on_readlink(Call& call) {
  const long(&a)[6] = call.arguments;
  return as(call, on_readlinkat, SYS_readlinkat, {AT_FDCWD, a[0], a[1], a[2]});
}

long on_mkdir(Call& call) {
  return as(call, on_mkdirat, SYS_mkdirat, {AT_FDCWD, call.arguments[0], call.arguments[1]});
}

long on_mknod(Call& call) {
  const long(&a)[6] = call.arguments;
  return as(call, on_mknodat, SYS_mknodat, {AT_FDCWD, a[0], a[1], a[2]});
}

long on_rmdir(Call& call) {
  return as(call, on_unlinkat, SYS_unlinkat, {AT_FDCWD, call.arguments[0], AT_REMOVEDIR});
}

long on_unlink(Call& call) {
  return as(call, on_unlinkat, SYS_unlinkat, {AT_FDCWD, call.arguments[0], 0});
}

long on_rename(Call& call) {
  return as(call, on_renameat2, SYS_renameat, {AT_FDCWD, call.arguments[0], AT_FDCWD, call.arguments[1]});
}

long on_link(Call& call) {
  return as(call, on_linkat, SYS_linkat, {AT_FDCWD, call.arguments[0], AT_FDCWD, call.arguments[1], 0});
}

long on_symlink(Call& call) {
  return as(call, on_symlinkat, SYS_symlinkat, {call.arguments[0], AT_FDCWD, call.arguments[1]});
}

long on_chmod(Call& call) {
  return as(call, on_fchmodat, SYS_fchmodat, {AT_FDCWD, call.arguments[0], call.arguments[1]});
}

long on_chown(Call& call) {
  const long(&a)[6] = call.arguments;
  return as(call, on_fchownat, SYS_fchownat, {AT_FDCWD, a[0], a[1], a[2], 0});
}

long on_lchown(Call& call) {
  const long(&a)[6] = call.arguments;
  return as(call, on_fchownat, SYS_fchownat, {AT_FDCWD, a[0], a[1], a[2], AT_SYMLINK_NOFOLLOW});
}

long on_utime(Call& call) {
  const auto* given = call.pointer<const utimbuf>(1);
  if (given == nullptr)
    return set_times(call, AT_FDCWD, call.arguments[0], static_cast<const timespec*>(nullptr));
  if (!is_address(given)) return -EFAULT;
  const timespec times[2] = {{.tv_sec = given->actime, .tv_nsec = 0},
                             {.tv_sec = given->modtime, .tv_nsec = 0}};
  return set_times(call, AT_FDCWD, call.arguments[0], times);
}

long on_utimes(Call& call) {
  return set_times(call, AT_FDCWD, call.arguments[0], call.pointer<const timeval>(1));
}

long on_futimesat(Call& call) {
  return set_times(call, call.arguments[0], call.arguments[1], call.pointer<const timeval>(2));
}

}  // namespace cooper::sandbox::stub

#endif
