#include "sandbox/init_process.h"

#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/messages.h"

namespace cooper::sandbox {

namespace {

void bring_loopback_up() {
  const os::Fd socket(base::check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open", "a socket"));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  base::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up", "lo");
}

// Never seen by the builder, which has the error itself.
constexpr int kSetupFailed = 125;

void reset_signals() {
  for (const int signal : {SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);  // all that the launcher changed
  block_supervised_signals();
}

}  // namespace

Spec read_spec(const os::Fd& file) {
  constexpr std::size_t kMaximumSpec = std::size_t{256} << 20;
  base::check(::lseek(file.get(), 0, SEEK_SET), "rewind", "the sandbox specification");
  os::FdSource source(file.get(), "the sandbox specification");
  return Spec::parse(base::read_all(source, kMaximumSpec, "the sandbox specification"));
}

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

void supervise(pid_t program, StepFds& fds, StepProcesses& processes) {
  fds.output.reset();
  fds.errors.reset();
  const ExitReport report = Supervisor(program, fds.socket, processes).wait();
  const auto* bytes = reinterpret_cast<const char*>(&report);
  send_message(fds.socket.get(), MessageType::kExited, {bytes, sizeof report}, {});
}

void end_after(const os::Fd& socket, const std::function<void()>& work) {
  ::prctl(PR_SET_NAME, "cooper-init");
  reset_signals();
  int code = 0;
  try {
    work();
  } catch (const base::Error& error) {
    send_message(socket.get(), MessageType::kFailed, pack_error(error), {});
    code = kSetupFailed;
  }
  ::_exit(code);
}

}  // namespace cooper::sandbox
