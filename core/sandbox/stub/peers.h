// Whom other processes of the step believe to be: to the kernel they are all one.
#pragma once

#include <cstdint>

#include "sandbox/stub/identity.h"

namespace cooper::sandbox::stub {

// As the kernel tells of a peer, struct ucred.
struct Peer {
  int process;
  std::uint32_t uid;
  std::uint32_t gid;
};

// Makes of what the kernel says of another process what the step is to see: its effective ids, or its real
// ones. Those of whoever asks where the other cannot be asked; it may have ended.
void show_peer(Peer& peer, bool effective);

// The other way: what a process says of itself becomes what the kernel knows of it. 0 or -EPERM: it says what
// it may not say.
long check_peer(Peer& peer);

}  // namespace cooper::sandbox::stub
