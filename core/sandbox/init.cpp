#include "sandbox/init.h"

#include <cstring>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/init_process.h"
#include "sandbox/messages.h"
#include "sandbox/program.h"
#include "sandbox/rootfs.h"
#include "sandbox/spec.h"

namespace cooper::sandbox {

namespace {

void bring_loopback_up() {
  const os::Fd socket(base::check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open", "a socket"));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  base::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up", "lo");
}

void enter_namespaces(const Spec& spec) {
  const int network = spec.network == Network::kNone ? CLONE_NEWNET : 0;
  base::check(::unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | network), "unshare", "the namespaces");
  base::check(::sethostname(spec.hostname.data(), spec.hostname.size()), "set the host name", spec.hostname);
  if (network != 0) bring_loopback_up();
}

void run_step(StepFds& fds, Tier tier, const SeccompFilter& filter) {
  const Spec spec = read_spec(fds.spec);
  fds.spec.reset();
  join_cgroups(spec);
  enter_namespaces(spec);
  for (const auto& stub : enter_root(spec)) send_message(fds.socket.get(), MessageType::kStub, stub, {});
  const pid_t program = base::check(::fork(), "start", "the step's process");
  if (program == 0) run_program(spec, tier, filter, fds);
  PidNamespace processes;
  supervise(program, fds, processes);
}

}  // namespace

void run_init(StepFds fds, Tier tier, const SeccompFilter& filter) {
  // The launcher's death is ours; that it lives is checked by the launcher's own end of the socket.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  end_after(fds.socket, [&] { run_step(fds, tier, filter); });
}

}  // namespace cooper::sandbox
