// Process 1 of a step's pid namespace: sets everything up, starts the program, reaps what is orphaned, and
// reports.
//
// When it ends, for whatever reason, the kernel kills every process of the step and drops its mounts. It ends
// when the program does, when the builder or the launcher dies, and on KILL.
#pragma once

#include "os/fd.h"
#include "sandbox/seccomp_filter.h"

namespace cooper::sandbox {

struct StepFds {
  os::Fd spec;    // a memfd with the serialised Spec
  os::Fd output;  // where the step's stdout goes
  os::Fd errors;
  os::Fd socket;   // to the builder's run()
  os::Fd board;    // of a FarmRoot; else invalid
  os::Fd changes;  // invalid where nobody wants the list
};

// Runs in a fresh child that is process 1 of a new pid namespace; never returns.
[[noreturn]] void run_init(StepFds fds, const SeccompFilter& filter);

}  // namespace cooper::sandbox
