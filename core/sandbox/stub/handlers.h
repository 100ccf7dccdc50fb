// The answers to trapped calls; dispatch.cpp says which is whose. Each is named after its call, or after the
// family that it answers.
#pragma once

#include "sandbox/stub/dispatch.h"

namespace cooper::sandbox::stub {

// stat.cpp
long on_fstat(Call& call);
long on_newfstatat(Call& call);
long on_statx(Call& call);
long on_faccessat(Call& call);
long on_faccessat2(Call& call);
long on_readlinkat(Call& call);
long on_statfs(Call& call);

// open.cpp
long on_openat(Call& call);
long on_truncate(Call& call);

// listing.cpp
long on_getdents64(Call& call);

// names.cpp
long on_mkdirat(Call& call);
long on_mknodat(Call& call);
long on_symlinkat(Call& call);
long on_unlinkat(Call& call);
long on_linkat(Call& call);
long on_renameat2(Call& call);

// modes.cpp
long on_fchmod(Call& call);
long on_fchmodat(Call& call);
long on_fchmodat2(Call& call);
long on_fchown(Call& call);
long on_fchownat(Call& call);
long on_utimensat(Call& call);

// xattr.cpp
long on_setxattr(Call& call);
long on_getxattr(Call& call);
long on_listxattr(Call& call);
long on_removexattr(Call& call);

// sync.cpp
long on_fsync(Call& call);
long on_syncfs(Call& call);
long on_sync(Call& call);

// credentials.cpp
long on_get_id(Call& call);
long on_getres_ids(Call& call);
long on_set_ids(Call& call);
long on_setfs_id(Call& call);
long on_getgroups(Call& call);
long on_setgroups(Call& call);
long on_capget(Call& call);
long on_capset(Call& call);

// exec.cpp
long on_execve(Call& call);
long on_execveat(Call& call);

// process.cpp
long on_chdir(Call& call);
long on_getcwd(Call& call);
long on_chroot(Call& call);
long on_kill(Call& call);
long on_prctl(Call& call);
long on_inotify_add_watch(Call& call);

// descriptors.cpp
long on_reserved(Call& call);
long on_close_range(Call& call);

// signals.cpp
long on_rt_sigaction(Call& call);
long on_rt_sigprocmask(Call& call);
long on_rt_sigsuspend(Call& call);
long on_rt_sigreturn(Call& call);
long on_ppoll(Call& call);
long on_pselect6(Call& call);
long on_epoll_pwait(Call& call);

// sockets.cpp
long on_socket(Call& call);
long on_bind(Call& call);
long on_connect(Call& call);
long on_accept(Call& call);
long on_socket_name(Call& call);
long on_getsockopt(Call& call);

// messages.cpp
long on_sendto(Call& call);
long on_sendmsg(Call& call);
long on_sendmmsg(Call& call);
long on_recvfrom(Call& call);
long on_recvmsg(Call& call);

// refusals.cpp
long on_missing(Call& call);      // ENOSYS: programs have another way
long on_forbidden(Call& call);    // EPERM, and counted: what this tier cannot do
long on_invalid(Call& call);      // EINVAL
long on_unsupported(Call& call);  // EOPNOTSUPP

// legacy.cpp: names of calls that newer architectures do not have
// NOLINTBEGIN(bugprone-dynamic-static-initializers): their definitions are constants
extern const Row kLegacyRows[];
extern const std::size_t kLegacyRowCount;
// NOLINTEND(bugprone-dynamic-static-initializers)

}  // namespace cooper::sandbox::stub
