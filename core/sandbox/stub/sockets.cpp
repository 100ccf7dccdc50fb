// Sockets with paths, and who is at their other end.
#include <fcntl.h>

#include "sandbox/stub/addresses.h"
#include "sandbox/stub/changes.h"
#include "sandbox/stub/creation.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/peers.h"
#include "sandbox/stub/signals.h"

namespace cooper::sandbox::stub {

long on_socket(Call& call) {
  if (board().no_network != 0) return -EACCES;
  // Programs that tell the kernel's audit who did what take a refusal for a fault, but not that there is
  // none.
  constexpr int kAudit = 9;  // NETLINK_AUDIT
  if (call.fd(0) == AF_NETLINK && call.fd(2) == kAudit) return -EPROTONOSUPPORT;
  return pass(call);
}

long on_bind(Call& call) {
  SocketPath path;
  if (!path_of(call.pointer<const sockaddr>(1), call.word(2), path)) return pass(call);
  Entry entry;
  struct stat parent {};
  if (const long error = find_entry(AT_FDCWD, path, entry); error != 0) return error;
  struct stat file;
  if (entry.special || stat_entry(entry, file) == 0) return -EADDRINUSE;
  if (const long error = check_creation(entry, parent); error != 0) return error;
  note_change(entry);
  Address address;
  if (!address.set(entry, path)) return -ENAMETOOLONG;
  const Making making;
  const long error = sys(SYS_bind, call.fd(0), &address.value, address.size);
  if (error == 0) stamp(making, entry.directory.get(), entry.name, 0777, parent, false);
  return error;
}

long on_connect(Call& call) {
  SocketPath path;
  if (!path_of(call.pointer<const sockaddr>(1), call.word(2), path)) {
    const SignalsOpen open(call);
    return pass(call);
  }
  Node node;
  Address address;
  if (const long error = address.find_peer(path, node); error != 0) return error;
  const SignalsOpen open(call);
  return sys(SYS_connect, call.fd(0), &address.value, address.size);
}

long on_accept(Call& call) {
  auto* size = call.pointer<std::uint32_t>(2);
  if (!is_address(size)) return -EFAULT;
  ToldName name;
  const SignalsOpen open(call);
  const long fd = sys(call.number, call.fd(0), &name.value, &name.size, call.arguments[3]);
  if (fd < 0 || name.give(call.pointer<void>(1), *size) == 0) return fd;
  sys(SYS_close, fd);
  return -EFAULT;
}

long on_socket_name(Call& call) {
  auto* size = call.pointer<std::uint32_t>(2);
  if (!is_address(size)) return -EFAULT;
  if (static_cast<std::int32_t>(*size) < 0) return -EINVAL;
  ToldName name;
  const long error = sys(call.number, call.fd(0), &name.value, &name.size);
  return error != 0 ? error : name.give(call.pointer<void>(1), *size);
}

long on_getsockopt(Call& call) {
  const long error = pass(call);
  auto* peer = call.pointer<Peer>(3);
  const auto* size = call.pointer<const std::uint32_t>(4);
  if (error == 0 && *size >= sizeof *peer) show_peer(*peer, true);
  return error;
}

}  // namespace cooper::sandbox::stub
