#include "sandbox/init.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/init_process.h"
#include "sandbox/messages.h"
#include "sandbox/program.h"
#include "sandbox/rootfs.h"
#include "sandbox/spec.h"

namespace cooper::sandbox {

namespace {

void run_step(StepFds& fds, const SeccompFilter& filter) {
  const Spec spec = read_spec(fds.spec);
  fds.spec.reset();
  join_cgroups(spec);
  enter_namespaces(spec);
  for (const auto& stub : enter_root(spec)) send_message(fds.socket.get(), MessageType::kStub, stub, {});
  const pid_t program = base::check(::fork(), "start", "the step's process");
  if (program == 0) run_program(spec, filter, fds);
  PidNamespace processes;
  supervise(program, fds, processes);
}

}  // namespace

void run_init(StepFds fds, const SeccompFilter& filter) {
  // The launcher's death is ours; that it lives is checked by the launcher's own end of the socket.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  end_after(fds.socket, [&] { run_step(fds, filter); });
}

}  // namespace cooper::sandbox
