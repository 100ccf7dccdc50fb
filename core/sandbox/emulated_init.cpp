#include "sandbox/emulated_init.h"

#include <csignal>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "sandbox/bind_table.h"
#include "sandbox/board_header.h"
#include "sandbox/emulated_program.h"
#include "sandbox/init_process.h"

namespace cooper::sandbox {

namespace {

void run_step(StepFds& fds, const os::Fd& stub, Tier tier, const SeccompFilter& filter) {
  const Spec spec = read_spec(fds.spec);
  fds.spec.reset();
  join_cgroups(spec);
  BindTable binds(std::get<FarmRoot>(spec.root));
  binds.add_system_directories();
  for (const auto& mount : spec.mounts) binds.add(mount);
  {
    const BoardHeader board(fds.board);
    board.describe(spec, binds);
  }
  const pid_t program = base::check(::fork(), "start", "the step's process");
  if (program == 0) run_emulated_program({tier, spec, binds, stub, filter, fds});
  Descendants processes;
  supervise(program, fds, processes);
}

}  // namespace

void run_emulated_init(StepFds fds, os::Fd stub, Tier tier, const SeccompFilter& filter) {
  // Killed by the launcher's death it could not end the step: it is told instead.
  ::prctl(PR_SET_PDEATHSIG, kParentGone);
  end_after(fds.socket, [&] {
    base::check(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become", "the subreaper");
    base::check(::setsid(), "start", "a session");  // the step's, so that kill(0) stays within it
    ::umask(0);
    run_step(fds, stub, tier, filter);
  });
}

}  // namespace cooper::sandbox
