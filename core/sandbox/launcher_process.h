// The launcher process itself: waits for requests and forks a step's init for each.
#pragma once

#include "os/fd.h"
#include "sandbox/tier.h"

namespace cooper::sandbox {

// Runs in the forked launcher until the builder's end of `control` closes; never returns. `stub`: see
// Launcher::start.
[[noreturn]] void run_launcher(os::Fd control, Tier tier, os::Fd stub);

}  // namespace cooper::sandbox
