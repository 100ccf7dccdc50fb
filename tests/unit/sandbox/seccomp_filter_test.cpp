#include "sandbox/seccomp_filter.h"

#include <cerrno>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cooper::sandbox {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kNative = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kNative = AUDIT_ARCH_AARCH64;
#endif

// Runs the program as the kernel would, for calls that a test cannot make for real.
std::uint32_t evaluate(const std::vector<sock_filter>& program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + step.k, sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JA:
        at += step.k;
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        ADD_FAILURE() << "unexpected instruction " << step.code;
        return 0;
    }
  }
  ADD_FAILURE() << "the program has no end";
  return 0;
}

std::uint32_t verdict(int number, std::uint64_t first_argument = 0, std::uint32_t architecture = kNative) {
  static const SeccompFilter filter = SeccompFilter::default_profile();
  seccomp_data data{};
  data.nr = number;
  data.arch = architecture;
  data.args[0] = first_argument;
  return evaluate(filter.program(), data);
}

std::uint32_t verdict_by_name(const char* name, std::uint64_t first_argument = 0) {
  return verdict(::seccomp_syscall_resolve_name(name), first_argument);
}

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t kMissing = SECCOMP_RET_ERRNO | ENOSYS;

TEST(SandboxSeccompFilter, AllowsWhatBuildsNeed) {
  for (const char* name :
       {"read", "write", "openat", "execve", "mmap", "futex", "chown", "mknodat", "setuid", "ptrace",
        "chroot", "setxattr", "rseq", "faccessat2", "statx", "exit_group", "memfd_create"}) {
    EXPECT_EQ(verdict_by_name(name), kAllow) << name;
  }
}

TEST(SandboxSeccompFilter, RefusesWhatReachesTheHost) {
  for (const char* name : {"mount",          "umount2",     "unshare",     "setns",
                           "keyctl",         "add_key",     "bpf",         "perf_event_open",
                           "reboot",         "kexec_load",  "init_module", "open_by_handle_at",
                           "io_uring_setup", "userfaultfd", "pivot_root",  "swapon",
                           "syslog",         "fsopen",      "move_mount",  "acct",
                           "settimeofday",   "sethostname"}) {
    EXPECT_EQ(verdict_by_name(name), kRefuse) << name;
  }
}

TEST(SandboxSeccompFilter, LooksAtArguments) {
  EXPECT_EQ(verdict_by_name("clone", SIGCHLD), kAllow);
  for (const unsigned flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP}) {
    EXPECT_EQ(verdict_by_name("clone", flag | SIGCHLD), kRefuse) << flag;
  }
  EXPECT_EQ(verdict_by_name("socket", AF_UNIX), kAllow);
  EXPECT_EQ(verdict_by_name("socket", AF_INET6), kAllow);
  EXPECT_EQ(verdict_by_name("socket", AF_ALG), kRefuse);
  EXPECT_EQ(verdict_by_name("socket", AF_VSOCK), kRefuse);
  EXPECT_EQ(verdict_by_name("socket", (std::uint64_t{1} << 32) | AF_VSOCK), kRefuse)
      << "the kernel sees an int";
  EXPECT_EQ(verdict_by_name("personality", 0x20008), kAllow);
  EXPECT_EQ(verdict_by_name("personality", 0x40000), kRefuse);
}

TEST(SandboxSeccompFilter, SaysThatNewCallsAreMissing) {
  EXPECT_EQ(verdict_by_name("clone3"), kMissing) << "its flags cannot be seen";
  EXPECT_EQ(verdict(452), kAllow) << "fchmodat2: glibc 2.39 calls it first, and takes EPERM for an answer";
  EXPECT_EQ(verdict(450), kRefuse) << "set_mempolicy_home_node needs CAP_SYS_NICE";
  EXPECT_EQ(verdict(467), kMissing);
  EXPECT_EQ(verdict(100000), kMissing);
  EXPECT_EQ(verdict(-1), kMissing);
}

#if defined(__x86_64__)
TEST(SandboxSeccompFilter, CoversThe32BitDoor) {
  EXPECT_EQ(verdict(3, 0, AUDIT_ARCH_I386), kAllow) << "read";
  EXPECT_EQ(verdict(21, 0, AUDIT_ARCH_I386), kRefuse) << "mount";
  EXPECT_EQ(verdict(310, 0, AUDIT_ARCH_I386), kRefuse) << "unshare";
  EXPECT_EQ(verdict(120, CLONE_NEWUSER, AUDIT_ARCH_I386), kRefuse) << "clone";
  EXPECT_EQ(verdict(0x40000000 + 165), kMissing) << "mount by its x32 number";
  EXPECT_EQ(verdict(0, 0, AUDIT_ARCH_S390X), kRefuse) << "an architecture that is not ours";
}
#endif

TEST(SandboxSeccompFilter, WorksInTheKernel) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);  // a test may run without CAP_SYS_ADMIN
    SeccompFilter::default_profile().install();
    if (::syscall(SYS_keyctl, 0, 0) != -1 || errno != EPERM) ::_exit(2);
    if (::syscall(500) != -1 || errno != ENOSYS) ::_exit(3);
    if (::unshare(CLONE_NEWUSER) != -1 || errno != EPERM) ::_exit(4);
    if (::fork() == 0) ::_exit(0);
    ::_exit(::getppid() > 0 ? 0 : 5);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
}

}  // namespace
}  // namespace cooper::sandbox
