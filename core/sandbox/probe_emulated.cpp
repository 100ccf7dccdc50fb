#include "sandbox/probe_emulated.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "sandbox/emulation.h"
#include "sandbox/landlock.h"
#include "sandbox/stub/abi.h"
#include "sandbox/stub_image.h"

namespace cooper::sandbox {

namespace {

#if defined(__x86_64__)
constexpr std::string_view kArchitecture = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view kArchitecture = "arm64";
#endif

constexpr const char* kFilterRemedy =
    "let the container's seccomp profile allow seccomp and prctl, as Docker's and Podman's own do";
constexpr const char* kAnswer = "answered system calls";
constexpr long kMarker = 4711;

void make_file(const std::string& path) {
  os::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
}

// All that root does with other users' files: CHOWN, FOWNER, DAC_OVERRIDE.
void own_for_others(const std::string& work) {
  const std::string file = work + "/owned";
  make_file(file);
  base::check(::chown(file.c_str(), 12345, 54321), "chown", "a file");
  base::check(::chmod(file.c_str(), 0), "set the mode of", "another user's file");
  os::open_file(file, O_RDWR);
}

void make_device(const std::string& work) {
  base::check(::mknod((work + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), "create", "a device node");
}

void set_file_capability(const std::string& work) {
  const std::string file = work + "/capable";
  make_file(file);
  // struct vfs_cap_data, version 2: CAP_NET_BIND_SERVICE, effective.
  const std::array<std::uint32_t, 5> value{0x02000001, 1U << 10, 0, 0, 0};
  base::check(::setxattr(file.c_str(), "security.capability", value.data(), sizeof value, 0), "set",
              "a file's capabilities");
}

// How what a step left behind is found.
void list_processes() {
  os::read_file("/proc/self/stat", 1 << 16);
  os::read_file("/proc/" + std::to_string(::getppid()) + "/stat", 1 << 16);
}

void reserve_descriptors() {
  rlimit limit{};
  base::check(::getrlimit(RLIMIT_NOFILE, &limit), "read", "the limit of open files");
  if (limit.rlim_max <= static_cast<rlim_t>(stub::kLastFd))
    throw base::os_error(EMFILE, "open", "as many files as a step needs");
}

// In a child, because exec is the proof.
void execute(int fd) {
  const pid_t child = base::check(::fork(), "start", "a process");
  if (child == 0) {
    std::array<char*, 1> nothing{nullptr};
    ::syscall(SYS_execveat, fd, "", nothing.data(), nothing.data(), AT_EMPTY_PATH);
    ::_exit(errno);
  }
  int status = 0;
  base::check(::waitpid(child, &status, 0), "wait for", "a process");
  if (status != 0) throw base::os_error(WEXITSTATUS(status), "execute", "a program");
}

void write_program(int fd) {
  const std::string program = exit_program(kArchitecture);
  os::FdSink(fd, "a program").write(std::as_bytes(std::span(program)));
}

void execute_from_memory() {
  const os::Fd file(base::check(::memfd_create("cooper-probe", MFD_CLOEXEC), "create", "a memory file"));
  write_program(file.get());
  execute(file.get());
}

// What the stub does with every program of a step, and its libraries.
void execute_from_directory(const std::string& work) {
  const std::string path = work + "/program";
  {
    const os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
    write_program(file.get());
  }
  const os::Fd file = os::open_file(path, O_RDONLY);
  void* pages = ::mmap(nullptr, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
  if (pages == MAP_FAILED) base::throw_errno("map", "a program");
  ::munmap(pages, 1);
  execute(file.get());
}

void open_in_root() {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  os::Fd(static_cast<int>(
      base::check(::syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how), "open", "with openat2")));
}

void link_file(const std::string& work) {
  make_file(work + "/linked");
  base::check(::link((work + "/linked").c_str(), (work + "/other").c_str()), "link", "a file");
}

void have_landlock() {
  if (!Landlock::usable()) throw base::os_error(EOPNOTSUPP, "use", "Landlock with renames");
}

void answer(int, siginfo_t*, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  registers.gregs[REG_RAX] = kMarker;
#elif defined(__aarch64__)
  registers.regs[0] = kMarker;
#endif
}

// keyctl: what default profiles refuse, so that it is proved too that ours comes first.
void trap_a_call() {
  struct sigaction action {};
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO;
  base::check(::sigaction(SIGSYS, &action, nullptr), "handle", kAnswer);
  base::check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set", "no_new_privs");
  std::array<sock_filter, 4> code{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                                   {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_keyctl},
                                   {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP},
                                   {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}};
  const sock_fprog program{.len = code.size(), .filter = code.data()};
  base::check(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "install",
              "a system call filter");
  if (::syscall(SYS_keyctl, 0, 0, 0, 0, 0) != kMarker) throw base::os_error(ENOSYS, "return from", kAnswer);
}

}  // namespace

std::vector<Check> emulated_checks(const std::string& work) {
  return {
      {"the list of processes", "mount /proc in the container", list_processes},
      {"1024 open files", "raise the limit of open files (ulimit -n) to 1024 or more", reserve_descriptors},
      {"programs in the work directory",
       "put the work directory (--store) on a file system that is not mounted noexec",
       [work] { execute_from_directory(work); }},
      {"programs in memory files", "", execute_from_memory, "the stub lies in the work directory instead"},
      {"look-ups beneath a directory (openat2)", "", open_in_root, "each name is looked up on its own"},
      {"hard links in the work directory", "", [work] { link_file(work); }, "each step's files are copied"},
      {"Landlock", "", have_landlock, "a step can reach all files that cooper can"},
      {"answering system calls within a process", kFilterRemedy, trap_a_call},
  };
}

std::vector<Check> emulated_root_checks(const std::string& work) {
  std::vector<Check> checks = {
      {"root", "run as root",
       [] {
         if (::geteuid() != 0) throw base::os_error(EPERM, "chown as", "an ordinary user");
       }},
      {"files of any owner", "give the container the capabilities CHOWN, FOWNER and DAC_OVERRIDE",
       [work] { own_for_others(work); }},
      {"device nodes", "", [work] { make_device(work); }, "steps cannot create any"},
      {"capabilities of files", "", [work] { set_file_capability(work); }, "steps cannot set any"},
  };
  const auto rest = emulated_checks(work);
  checks.insert(checks.end(), rest.begin(), rest.end());
  return checks;
}

}  // namespace cooper::sandbox
