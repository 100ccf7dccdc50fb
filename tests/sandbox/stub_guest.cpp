// A guest: does by hand what shells and packages seldom do, and says what came of it. Natively, as root in a
// chroot, and through the stub it must say the same.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

extern char** environ;

namespace {

void say(const char* what, long result) {
  if (result < 0) {
    std::printf("%s: %s\n", what, strerrorname_np(errno));
  } else {
    std::printf("%s: %ld\n", what, result);
  }
  std::fflush(stdout);
}

bool exists(const char* path) {
  struct stat file {};
  return stat(path, &file) == 0;
}

int status_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A child that shares our memory becomes another user; we do not.
void credentials_of_vfork() {
  const pid_t child = vfork();
  if (child == 0) {
    if (syscall(SYS_setresgid, 7, 7, 7) != 0 || syscall(SYS_setresuid, 7, 7, 7) != 0) _exit(90);
    const char* const arguments[] = {"guest", "uid", nullptr};
    execve("/guest", const_cast<char* const*>(arguments), environ);
    _exit(91);
  }
  say("vfork child's uid", status_of(child));
  say("our uid", static_cast<long>(getuid()));
  const pid_t lost = vfork();
  if (lost == 0) {
    syscall(SYS_setresuid, 8, 8, 8);
    const char* const arguments[] = {"none", nullptr};
    execve("/none", const_cast<char* const*>(arguments), environ);
    _exit(static_cast<int>(getuid()));
  }
  say("failed vfork child's uid", status_of(lost));
  say("our uid still", static_cast<long>(getuid()));
}

void memory_program() {
  const int fd = memfd_create("program", MFD_CLOEXEC);
  const int self = open("/guest", O_RDONLY | O_CLOEXEC);
  struct stat file {};
  fstat(self, &file);
  void* content = mmap(nullptr, static_cast<std::size_t>(file.st_size), PROT_READ, MAP_PRIVATE, self, 0);
  if (write(fd, content, static_cast<std::size_t>(file.st_size)) != file.st_size) return say("memfd", -1);
  const pid_t child = fork();
  if (child == 0) {
    const char* const arguments[] = {"guest", "uid", nullptr};
    fexecve(fd, const_cast<char* const*>(arguments), environ);
    _exit(92);
  }
  say("fexecve of memory", status_of(child));
}

volatile sig_atomic_t g_handled = 0;

void block_all_in_frame(int, siginfo_t*, void* context) {
  g_handled = exists("/guest") ? 1 : 2;
  sigfillset(&static_cast<ucontext_t*>(context)->uc_sigmask);
}

void signals() {
  struct sigaction action {};
  action.sa_sigaction = block_all_in_frame;
  action.sa_flags = SA_SIGINFO;
  sigfillset(&action.sa_mask);
  say("sigaction", sigaction(SIGUSR1, &action, nullptr));
  raise(SIGUSR1);
  say("handled with all blocked", g_handled);
  say("after the handler blocked all", exists("/guest") ? 1 : 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  sigset_t all;
  sigfillset(&all);
  const timespec soon{.tv_sec = 0, .tv_nsec = 1000000};
  say("ppoll", ppoll(nullptr, 0, &soon, &all));
  say("pselect", pselect(0, nullptr, nullptr, nullptr, &soon, &all));
  // Waits for a signal that a child sends; blocked until then.
  sigset_t usr;
  sigemptyset(&usr);
  sigaddset(&usr, SIGUSR1);
  sigprocmask(SIG_BLOCK, &usr, nullptr);
  g_handled = 0;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) _exit(kill(parent, SIGUSR1));
  sigset_t others = all;
  sigdelset(&others, SIGUSR1);
  say("sigsuspend", sigsuspend(&others));
  say("handled in sigsuspend", g_handled);
  status_of(child);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void own_sigsys() {
  const pid_t child = fork();
  if (child == 0) {
    kill(getpid(), SIGSYS);
    _exit(3);
  }
  say("SIGSYS that was sent", status_of(child));
  const pid_t brave = fork();
  if (brave == 0) {
    signal(SIGSYS, [](int) { _exit(exists("/guest") ? 5 : 6); });
    kill(getpid(), SIGSYS);
    _exit(4);
  }
  say("SIGSYS with a handler", status_of(brave));
}

// Handlers on a stack as small as libraries make them.
void small_stack() {
  static char memory[1 << 16];
  const auto size = static_cast<std::size_t>(sysconf(_SC_SIGSTKSZ));
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = size < sizeof memory ? size : sizeof memory;
  say("sigaltstack", sigaltstack(&stack, nullptr));
  struct sigaction action {};
  action.sa_handler = [](int) {
    const int fd = open("/small", O_CREAT | O_WRONLY | O_TRUNC, 0640);
    close(fd);
    g_handled =
        rename("/small", "/smaller") == 0 && chown("/smaller", 3, 4) == 0 && unlink("/smaller") == 0 ? 9 : 8;
  };
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR2, &action, nullptr);
  raise(SIGUSR2);
  say("handled on a small stack", g_handled);
}

void sockets() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "/socket");
  const int server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  say("bind", bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address));
  say("bind again", bind(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), reinterpret_cast<sockaddr*>(&address),
                         sizeof address));
  const int client = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  char text[] = "text";
  iovec part{.iov_base = text, .iov_len = sizeof text};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  say("sendmsg", sendmsg(client, &message, 0));
  say("sendto", sendto(client, text, 2, 0, reinterpret_cast<sockaddr*>(&address), sizeof address));
  say("recv", recv(server, text, sizeof text, 0));
  say("connect", connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address));
  sockaddr_un name{};
  socklen_t size = sizeof name;
  say("getpeername", getpeername(client, reinterpret_cast<sockaddr*>(&name), &size));
  std::printf("%s %u\n", name.sun_path, size);
  size = sizeof name;
  say("getsockname", getsockname(server, reinterpret_cast<sockaddr*>(&name), &size));
  std::printf("%s %u\n", name.sun_path, size);
  struct stat file {};
  stat("/socket", &file);
  say("mode of the socket", file.st_mode);
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
  ucred peer{};
  size = sizeof peer;
  getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &size);
  say("peer's uid", static_cast<long>(peer.uid));
  unlink("/socket");
}

void descriptors() {
  const int fd = open("/guest", O_RDONLY | O_CLOEXEC);
  const int copy = dup2(fd, 500);
  say("close_range", static_cast<long>(syscall(SYS_close_range, 100, ~0U, 0)));
  say("what was in the range", fcntl(copy, F_GETFD));
  say("files are found still", exists("/guest") ? 1 : 0);
  for (int i = 900; i < 1024; ++i) close(i);
  say("and still", exists("/guest") ? 1 : 0);
  close(fd);
}

void syncing() {
  const int file = open("/synced", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  const int path = open("/synced", O_PATH | O_CLOEXEC);
  const int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int pipe_ends[2];
  say("a pipe", pipe2(pipe_ends, O_CLOEXEC));
  for (const int fd : {file, path, directory, pipe_ends[0], 890, -1, 1000}) {
    say("fsync", fsync(fd));
    say("fdatasync", fdatasync(fd));
    say("syncfs", syncfs(fd));
  }
  sync();
  for (const int fd : {file, path, directory, pipe_ends[0], pipe_ends[1]}) close(fd);
  unlink("/synced");
}

void odds() {
  say("mkdir of the root", mkdir("/", 0755));
  say("rmdir of the root", rmdir("/"));
  const char* volatile nowhere = nullptr;
  say("bad pointer", open(nowhere, O_RDONLY));
  say("empty path", open("", O_RDONLY));
  say("long name", mkdir(std::string(300, 'x').c_str(), 0755));
  say("long path", mkdir(std::string(5000, '/').c_str(), 0755));
  say("mount", syscall(SYS_mount, "none", "/no", "tmpfs", 0, nullptr) < 0 ? 0 : 1);
  const int fd = open("/", O_TMPFILE | O_RDWR | O_CLOEXEC, 0400);
  struct stat file {};
  say("file without a name", fstat(fd, &file));
  say("its mode", file.st_mode);
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  say("gets one", linkat(AT_FDCWD, path.c_str(), AT_FDCWD, "/named", AT_SYMLINK_FOLLOW));
  say("which is there", stat("/named", &file));
  say("with its mode", file.st_mode);
  unlink("/named");
  char name[17] = {};
  prctl(PR_GET_NAME, name);
  std::printf("%s\n", name);
  const int gone = open("/gone", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  say("chown", fchown(gone, 11, 12));
  unlink("/gone");
  const int fresh = open("/fresh", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  fstat(fresh, &file);
  say("a new file is ours", static_cast<long>(file.st_uid));
  unlink("/fresh");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "uid") == 0)
    return static_cast<int>(getuid()) + (getgid() == 7 ? 100 : 0);
  umask(022);
  credentials_of_vfork();
  memory_program();
  signals();
  own_sigsys();
  small_stack();
  sockets();
  syncing();
  odds();
  descriptors();
  std::puts("done");
  return 0;
}
