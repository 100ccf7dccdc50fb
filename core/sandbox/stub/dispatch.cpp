#include "sandbox/stub/dispatch.h"

#include <algorithm>
#include <array>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/legacy.h"
#include "sandbox/stub/report.h"
#include "sandbox/stub/signals.h"
#include "sandbox/stub/start.h"

namespace cooper::sandbox::stub {
namespace {

// Newer than the headers of Debian 12, which have names for all others.
constexpr short kEpollPwait2 = 441;
constexpr short kFileGetattr = 468;
constexpr short kFileSetattr = 469;

constexpr Row kUnsorted[] = {
    // Files.
    {SYS_fstat, When::kAlways, on_fstat},
    {SYS_newfstatat, When::kAlways, on_newfstatat},
    {SYS_statx, When::kAlways, on_statx},
    {SYS_faccessat, When::kAlways, on_faccessat},
    {SYS_faccessat2, When::kAlways, on_faccessat2},
    {SYS_readlinkat, When::kAlways, on_readlinkat},
    {SYS_statfs, When::kAlways, on_statfs},
    {SYS_openat, When::kAlways, on_openat},
    {SYS_getdents64, When::kAlways, on_getdents64},
    {SYS_truncate, When::kAlways, on_truncate},
    {SYS_mkdirat, When::kAlways, on_mkdirat},
    {SYS_mknodat, When::kAlways, on_mknodat},
    {SYS_symlinkat, When::kAlways, on_symlinkat},
    {SYS_unlinkat, When::kAlways, on_unlinkat},
    {SYS_linkat, When::kAlways, on_linkat},
    {SYS_renameat, When::kAlways, on_renameat2},
    {SYS_renameat2, When::kAlways, on_renameat2},
    {SYS_fchmod, When::kAlways, on_fchmod},
    {SYS_fchmodat, When::kAlways, on_fchmodat},
    {SYS_fchmodat2, When::kAlways, on_fchmodat2},
    {SYS_fchown, When::kAlways, on_fchown},
    {SYS_fchownat, When::kAlways, on_fchownat},
    {SYS_utimensat, When::kAlways, on_utimensat},
    {SYS_setxattr, When::kAlways, on_setxattr},
    {SYS_lsetxattr, When::kAlways, on_setxattr},
    {SYS_fsetxattr, When::kAlways, on_setxattr},
    {SYS_getxattr, When::kAlways, on_getxattr},
    {SYS_lgetxattr, When::kAlways, on_getxattr},
    {SYS_fgetxattr, When::kAlways, on_getxattr},
    {SYS_listxattr, When::kAlways, on_listxattr},
    {SYS_llistxattr, When::kAlways, on_listxattr},
    {SYS_flistxattr, When::kAlways, on_listxattr},
    {SYS_removexattr, When::kAlways, on_removexattr},
    {SYS_lremovexattr, When::kAlways, on_removexattr},
    {SYS_fremovexattr, When::kAlways, on_removexattr},
    {SYS_inotify_add_watch, When::kAlways, on_inotify_add_watch},
    {SYS_fsync, When::kAlways, on_fsync},
    {SYS_fdatasync, When::kAlways, on_fsync},
    {SYS_syncfs, When::kAlways, on_syncfs},
    {SYS_sync, When::kAlways, on_sync},
    // Who the process is.
    {SYS_getuid, When::kTable, on_get_id},
    {SYS_geteuid, When::kTable, on_get_id},
    {SYS_getgid, When::kTable, on_get_id},
    {SYS_getegid, When::kTable, on_get_id},
    {SYS_getresuid, When::kTable, on_getres_ids},
    {SYS_getresgid, When::kTable, on_getres_ids},
    {SYS_setuid, When::kTable, on_set_ids},
    {SYS_setgid, When::kTable, on_set_ids},
    {SYS_setreuid, When::kTable, on_set_ids},
    {SYS_setregid, When::kTable, on_set_ids},
    {SYS_setresuid, When::kTable, on_set_ids},
    {SYS_setresgid, When::kTable, on_set_ids},
    {SYS_setfsuid, When::kTable, on_setfs_id},
    {SYS_setfsgid, When::kTable, on_setfs_id},
    {SYS_getgroups, When::kTable, on_getgroups},
    {SYS_setgroups, When::kTable, on_setgroups},
    {SYS_capget, When::kTable, on_capget},
    {SYS_capset, When::kTable, on_capset},
    {SYS_prctl, When::kPrivileges, on_prctl},
    // Processes.
    {SYS_execve, When::kAlways, on_execve},
    {SYS_execveat, When::kAlways, on_execveat},
    {SYS_chdir, When::kAlways, on_chdir},
    {SYS_getcwd, When::kAlways, on_getcwd},
    {SYS_chroot, When::kAlways, on_chroot},
    {SYS_kill, When::kEveryone, on_kill},
    // Reserved descriptors.
    {SYS_close, When::kReserved0, on_reserved},
    {SYS_fcntl, When::kReserved0, on_reserved},
    {SYS_ioctl, When::kReserved0, on_reserved},
    {SYS_dup3, When::kReserved1, on_reserved},
    {SYS_close_range, When::kAlways, on_close_range},
    // Signals.
    {SYS_rt_sigaction, When::kAlways, on_rt_sigaction},
    {SYS_rt_sigprocmask, When::kAlways, on_rt_sigprocmask},
    {SYS_rt_sigsuspend, When::kAlways, on_rt_sigsuspend},
    {SYS_rt_sigreturn, When::kAlways, on_rt_sigreturn},
    {SYS_ppoll, When::kNotNull3, on_ppoll},
    {SYS_pselect6, When::kNotNull5, on_pselect6},
    {SYS_epoll_pwait, When::kNotNull4, on_epoll_pwait},
    {kEpollPwait2, When::kNotNull4, on_epoll_pwait},
    // Sockets.
    {SYS_bind, When::kAlways, on_bind},
    {SYS_connect, When::kAlways, on_connect},
    {SYS_sendto, When::kNotNull4, on_sendto},
    {SYS_sendmsg, When::kAlways, on_sendmsg},
    {SYS_sendmmsg, When::kAlways, on_sendmmsg},
    {SYS_recvfrom, When::kNotNull4, on_recvfrom},
    {SYS_recvmsg, When::kAlways, on_recvmsg},
    {SYS_accept, When::kNotNull1, on_accept},
    {SYS_accept4, When::kNotNull1, on_accept},
    {SYS_getsockname, When::kAlways, on_socket_name},
    {SYS_getpeername, When::kAlways, on_socket_name},
    {SYS_getsockopt, When::kPeerOwner, on_getsockopt},
    {SYS_socket, When::kSocket, on_socket},
    // What would lead around the stub, where programs have another way.
    {SYS_openat2, When::kAlways, on_missing},
    {SYS_clone3, When::kAlways, on_missing},
    {SYS_io_uring_setup, When::kAlways, on_missing},
    {SYS_io_uring_enter, When::kAlways, on_missing},
    {SYS_io_uring_register, When::kAlways, on_missing},
    {SYS_setxattrat, When::kAlways, on_missing},
    {SYS_getxattrat, When::kAlways, on_missing},
    {SYS_listxattrat, When::kAlways, on_missing},
    {SYS_removexattrat, When::kAlways, on_missing},
    {kFileGetattr, When::kAlways, on_missing},
    {kFileSetattr, When::kAlways, on_missing},
    {SYS_seccomp, When::kAlways, on_invalid},
    {SYS_name_to_handle_at, When::kAlways, on_unsupported},
    // What this tier cannot do.
    {SYS_mount, When::kAlways, on_forbidden},
    {SYS_umount2, When::kAlways, on_forbidden},
    {SYS_pivot_root, When::kAlways, on_forbidden},
    {SYS_unshare, When::kAlways, on_forbidden},
    {SYS_setns, When::kAlways, on_forbidden},
    {SYS_fsopen, When::kAlways, on_forbidden},
    {SYS_fspick, When::kAlways, on_forbidden},
    {SYS_fsconfig, When::kAlways, on_forbidden},
    {SYS_fsmount, When::kAlways, on_forbidden},
    {SYS_move_mount, When::kAlways, on_forbidden},
    {SYS_open_tree, When::kAlways, on_forbidden},
    {SYS_open_tree_attr, When::kAlways, on_forbidden},
    {SYS_mount_setattr, When::kAlways, on_forbidden},
    {SYS_open_by_handle_at, When::kAlways, on_forbidden},
    {SYS_fanotify_mark, When::kAlways, on_forbidden},
    {SYS_swapon, When::kAlways, on_forbidden},
    {SYS_acct, When::kAlways, on_forbidden},
};

constexpr std::size_t kCount = std::size(kUnsorted) + std::size(kLegacyRows);

constexpr std::array<Row, kCount> sorted_rows() {
  std::array<Row, kCount> sorted{};
  auto* end = std::copy(std::begin(kUnsorted), std::end(kUnsorted), sorted.begin());
  std::copy(std::begin(kLegacyRows), std::end(kLegacyRows), end);
  std::sort(sorted.begin(), sorted.end(), [](const Row& a, const Row& b) { return a.number < b.number; });
  return sorted;
}

constexpr std::array<Row, kCount> kRows = sorted_rows();

constexpr bool has_no_twins() {
  for (std::size_t i = 1; i < kCount; ++i) {
    if (kRows[i - 1].number == kRows[i].number) return false;
  }
  return true;
}
static_assert(has_no_twins(), "two rows for one call");
static_assert(kRows[kCount - 1].number < static_cast<int>(kMaxCalls));

constexpr std::array<Handler, kMaxCalls> by_number() {
  std::array<Handler, kMaxCalls> handlers{};
  for (const Row& row : kRows) handlers[static_cast<std::size_t>(row.number)] = row.handler;
  return handlers;
}

constexpr std::array<Handler, kMaxCalls> kHandlers = by_number();

}  // namespace

const Row* rows() {
  return kRows.data();
}

std::size_t row_count() {
  return kCount;
}

Handler handler_of(long number) {
  return number >= 0 && number < static_cast<long>(kMaxCalls) ? kHandlers[static_cast<std::size_t>(number)]
                                                              : nullptr;
}

long pass(const Call& call) {
  const long(&a)[6] = call.arguments;
  return sys(call.number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

void cooper_stub_trap(int signal, siginfo_t* info, void* context) {
  constexpr int kFromSeccomp = 1;  // SYS_SECCOMP
  if (info->si_code != kFromSeccomp) return deliver_sent(signal, info, context);
  Call call{};
  call.number = info->si_syscall;
  call.context = static_cast<ucontext_t*>(context);
  read_arguments(*call.context, call.arguments);
  const Handler handler = handler_of(call.number);
  const long result = handler == nullptr ? -ENOSYS : handler(call);
  if (board().trace > 1) trace_call(call, result);
  set_result(*call.context, result);
}

}  // namespace cooper::sandbox::stub
