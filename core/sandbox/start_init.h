// How the launcher starts a step's init, on every tier.
#pragma once

#include <functional>
#include <sys/types.h>

#include "os/fd.h"

namespace cooper::sandbox {

enum class PidNamespaceOfStep { kNew, kOurs };

// Forks a child that calls `init`, which never returns, and tells the builder behind `socket` that it
// started, or why it could not. The child's pid; -1 when there is none. The caller has one thread.
pid_t start_init(PidNamespaceOfStep pids, const os::Fd& socket, const std::function<void()>& init);

}  // namespace cooper::sandbox
