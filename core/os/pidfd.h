// A process as a descriptor: no signal can hit a stranger that inherited its number.
#pragma once

#include <sys/types.h>

#include "os/fd.h"

namespace cooper::os {

Fd open_pidfd(pid_t pid);  // throws Error{kIo}
// False when the process is gone.
bool signal_pidfd(const Fd& pidfd, int signal);
// Blocks until the process has ended, whether it is our child or not.
void wait_pidfd(const Fd& pidfd);

}  // namespace cooper::os
