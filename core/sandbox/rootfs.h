// Turns a Spec into the root directory of the calling process.
#pragma once

#include <string>
#include <vector>

#include "sandbox/spec.h"

namespace cooper::sandbox {

// Mounts the step's root with everything in it and pivots into it, so that nothing of the host's tree can be
// named any more. The process must be alone in new mount and pid namespaces, and have CAP_SYS_ADMIN there.
// Returns the stubs (see MountPoints) that the builder has to remove from the upper directory afterwards.
// Throws base::Error naming the operation.
std::vector<std::string> enter_root(const Spec& spec);

}  // namespace cooper::sandbox
