// Addresses of Unix sockets: the kernel is given other paths, which mean the same to every process of the
// step and are short enough, and tells those, so they are translated back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/socket.h>
#include <sys/un.h>

#include "sandbox/stub/paths.h"

namespace cooper::sandbox::stub {

// A socket's path, with a NUL.
using SocketPath = char[sizeof sockaddr_un::sun_path + 1];

// The path of an address; false: it has none that names a file.
bool path_of(const sockaddr* address, std::size_t size, SocketPath& path);

struct Address {
  sockaddr_un value{};
  std::uint32_t size = 0;

  bool set(const char* path);
  // The address of what is at a name of the tree, which was found by the path `given`.
  bool set(const Entry& entry, const char* given);
  // Where a connection or a message goes. `node` has to live until it is made.
  long find_peer(const char* path, Node& node);
};

// A name that the kernel tells, of whatever family, and the step's room for it.
struct ToldName {
  sockaddr_storage value{};
  std::uint32_t size = sizeof value;

  // Gives it as the step knows it. `room`: bytes at `out`; becomes the name's size. 0 or -EFAULT.
  long give(void* out, std::uint32_t& room) const;
};

}  // namespace cooper::sandbox::stub
