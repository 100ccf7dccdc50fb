#include "sandbox/init.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/messages.h"
#include "sandbox/program.h"
#include "sandbox/rootfs.h"
#include "sandbox/spec.h"

namespace cooper::sandbox {

namespace {

// Never seen by the builder, which has the error itself.
constexpr int kSetupFailed = 125;

void reset_signals() {
  for (const int signal : {SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);  // all that the launcher changed
  // SIGCHLD stays blocked from before the first child exists: it is read from a signalfd.
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &child, nullptr);
}

Spec read_spec(const os::Fd& file) {
  constexpr std::size_t kMaximumSpec = std::size_t{256} << 20;
  base::check(::lseek(file.get(), 0, SEEK_SET), "rewind", "the sandbox specification");
  os::FdSource source(file.get(), "the sandbox specification");
  return Spec::parse(base::read_all(source, kMaximumSpec, "the sandbox specification"));
}

void bring_loopback_up() {
  const os::Fd socket(base::check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open", "a socket"));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  base::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up", "lo");
}

// First of all, so that everything counts; the files are of the builder's view.
void join_cgroups(const Spec& spec) {
  for (const auto& path : spec.cgroups) {
    const os::Fd file = os::open_file(path, O_WRONLY);
    base::check(::write(file.get(), "0", 1), "join the control group", path);
  }
}

void enter_namespaces(const Spec& spec) {
  const int network = spec.network == Network::kNone ? CLONE_NEWNET : 0;
  base::check(::unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | network), "unshare", "the namespaces");
  base::check(::sethostname(spec.hostname.data(), spec.hostname.size()), "set the host name", spec.hostname);
  if (network != 0) bring_loopback_up();
}

std::int64_t microseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

// All processes but this one: the signal does not leave the pid namespace.
void signal_step(int signal) {
  ::kill(-1, signal);
}

class Supervisor {
 public:
  Supervisor(pid_t program, const os::Fd& socket) : program_(program), socket_(socket) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    children_ = os::Fd(base::check(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK), "watch", "children"));
  }

  ExitReport wait() {
    while (!reap()) {
      std::array<pollfd, 2> fds{{{children_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}}};
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) base::throw_errno("wait for", "the step");
      if (fds[0].revents != 0) forget_signals();
      if (fds[1].revents != 0) obey();
    }
    return finish();
  }

 private:
  // True once the program itself has ended.
  bool reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != program_) continue;
      report_.wait_status = status;
      return true;
    }
    return false;
  }

  void forget_signals() const {
    signalfd_siginfo info{};
    while (::read(children_.get(), &info, sizeof info) > 0) {
    }
  }

  void obey() const {
    const auto message = receive_message(socket_.get(), false);
    if (!message && errno == EAGAIN) return;
    // The builder is gone: ending takes the whole step along.
    if (!message) ::_exit(kSetupFailed);
    if (message->type == MessageType::kTerminate) signal_step(SIGTERM);
  }

  ExitReport finish() {
    signal_step(SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    report_.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    report_.cpu_time_us = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
    return report_;
  }

  pid_t program_;
  const os::Fd& socket_;
  os::Fd children_;
  ExitReport report_;
};

void run_step(StepFds& fds, Tier tier, const SeccompFilter& filter) {
  const Spec spec = read_spec(fds.spec);
  fds.spec.reset();
  join_cgroups(spec);
  enter_namespaces(spec);
  for (const auto& stub : enter_root(spec)) send_message(fds.socket.get(), MessageType::kStub, stub, {});
  const pid_t program = base::check(::fork(), "start", "the step's process");
  if (program == 0) run_program(spec, tier, filter, fds);
  fds.output.reset();
  fds.errors.reset();
  const ExitReport report = Supervisor(program, fds.socket).wait();
  const auto* bytes = reinterpret_cast<const char*>(&report);
  send_message(fds.socket.get(), MessageType::kExited, {bytes, sizeof report}, {});
}

}  // namespace

void run_init(StepFds fds, Tier tier, const SeccompFilter& filter) {
  // The launcher's death is ours; that it lives is checked by the launcher's own end of the socket.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "cooper-init");
  reset_signals();
  int code = 0;
  try {
    run_step(fds, tier, filter);
  } catch (const base::Error& error) {
    send_message(fds.socket.get(), MessageType::kFailed, pack_error(error), {});
    code = kSetupFailed;
  }
  ::_exit(code);
}

}  // namespace cooper::sandbox
