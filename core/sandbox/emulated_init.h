// A step's init on the tiers without mounts: the step's processes descend from it, see the FarmRoot through
// the stub (stub/abi.h), and are ended by it.
#pragma once

#include "sandbox/init.h"
#include "sandbox/tier.h"

namespace cooper::sandbox {

// Runs in a fresh child of the launcher; never returns. `stub`: its executable. The filter is Docker's
// default profile, for where no container has put its own on us.
[[noreturn]] void run_emulated_init(StepFds fds, os::Fd stub, Tier tier, const SeccompFilter& filter);

}  // namespace cooper::sandbox
