#include "sandbox/emulated_init.h"

#include <csignal>
#include <fcntl.h>
#include <memory>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/mount.h"
#include "sandbox/bind_table.h"
#include "sandbox/board_header.h"
#include "sandbox/emulated_program.h"
#include "sandbox/init_process.h"

namespace cooper::sandbox {

namespace {

// The processes of the step alone, where the kernel lets us show them; else all that the container shows.
void mount_own_proc() {
  base::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make private", "the mounts");
  try {
    const os::Fd proc = os::new_filesystem("proc", {}, {.no_suid = true});
    os::attach_mount(proc, os::open_file("/proc", O_PATH | O_DIRECTORY).get(), "/proc");
  } catch (const base::Error&) {
    // The probe has said so (see mount_checks).
  }
}

std::unique_ptr<StepProcesses> own_processes(Tier tier) {
  if (is_emulated(tier)) return std::make_unique<Descendants>();
  return std::make_unique<PidNamespace>();
}

void run_step(StepFds& fds, const os::Fd& stub, Tier tier, const SeccompFilter& filter) {
  const Spec spec = read_spec(fds.spec);
  fds.spec.reset();
  join_cgroups(spec);
  if (!is_emulated(tier)) {
    enter_namespaces(spec);
    mount_own_proc();
  }
  BindTable binds(std::get<FarmRoot>(spec.root));
  binds.add_system_directories();
  for (const auto& mount : spec.mounts) binds.add(mount);
  {
    const BoardHeader board(fds.board);
    board.describe(spec, binds);
  }
  const pid_t program = base::check(::fork(), "start", "the step's process");
  if (program == 0) run_emulated_program({tier, spec, binds, stub, filter, fds});
  const std::unique_ptr<StepProcesses> processes = own_processes(tier);
  supervise(program, fds, *processes);
}

}  // namespace

void run_emulated_init(StepFds fds, os::Fd stub, Tier tier, const SeccompFilter& filter) {
  // Without a pid namespace, an init that the launcher's death kills could not end the step: it is told
  // instead.
  ::prctl(PR_SET_PDEATHSIG, is_emulated(tier) ? kParentGone : SIGKILL);
  end_after(fds.socket, [&] {
    base::check(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become", "the subreaper");
    base::check(::setsid(), "start", "a session");  // the step's, so that kill(0) stays within it
    ::umask(0);
    run_step(fds, stub, tier, filter);
  });
}

}  // namespace cooper::sandbox
