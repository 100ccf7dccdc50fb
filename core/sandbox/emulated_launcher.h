// The launcher process on the tiers without namespaces: nothing but a chain of parents holds a step's
// processes together there, so this process is their subreaper, and ends what an init leaves.
#pragma once

#include <map>
#include <sys/types.h>

#include "os/fd.h"
#include "sandbox/messages.h"
#include "sandbox/seccomp_filter.h"
#include "sandbox/tier.h"

namespace cooper::sandbox {

class EmulatedLauncher {
 public:
  // Both borrowed: the socket to the builder, and the stub's program.
  EmulatedLauncher(os::Fd& control, os::Fd& stub, Tier tier);

  // Starts a step's init for each request, until the builder is gone; then no process of a step is left.
  void serve();

 private:
  void start(Message request);
  void reap();

  os::Fd& control_;
  os::Fd& stub_;
  os::Fd children_;
  Tier tier_;
  SeccompFilter filter_;
  // The sockets of the running steps by their inits: held so that the builder takes no step for ended before
  // what its init left is.
  std::map<pid_t, os::Fd> running_;
};

}  // namespace cooper::sandbox
