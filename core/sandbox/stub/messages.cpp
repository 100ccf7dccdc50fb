// Messages: where they go, where they come from, and who says to have sent them (unix(7), SCM_CREDENTIALS).
#include "sandbox/stub/addresses.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/peers.h"
#include "sandbox/stub/signals.h"

namespace cooper::sandbox::stub {
namespace {

// Calls `visit(Peer&)` for what a message's control data say of a process, until it gives an error.
template <typename Visit>
long each_peer(void* control, std::size_t size, Visit visit) {
  auto* bytes = static_cast<char*>(control);
  for (std::size_t at = 0; at + sizeof(cmsghdr) <= size;) {
    auto* item = reinterpret_cast<cmsghdr*>(bytes + at);
    if (item->cmsg_len < sizeof *item || item->cmsg_len > size - at) break;
    if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_CREDENTIALS &&
        item->cmsg_len >= sizeof *item + sizeof(Peer)) {
      if (const long error = visit(*reinterpret_cast<Peer*>(item + 1)); error != 0) return error;
    }
    at += CMSG_ALIGN(item->cmsg_len);
  }
  return 0;
}

bool names_process(const msghdr& message) {
  if (!table_owners() || !is_address(message.msg_control)) return false;
  return each_peer(message.msg_control, message.msg_controllen, [](Peer&) { return 1; }) != 0;
}

long send(const Call& call, int fd, const msghdr& message, long flags) {
  const SignalsOpen open(call);
  return sys(SYS_sendmsg, fd, &message, flags);
}

// The control data as the kernel is to have them.
long send_as_known(const Call& call, int fd, msghdr& message, long flags) {
  PathBuffer control;
  if (message.msg_controllen > kPathSize) return -ENOBUFS;
  memcpy(control.get(), message.msg_control, message.msg_controllen);
  message.msg_control = control.get();
  const long error =
      each_peer(control.get(), message.msg_controllen, [](Peer& peer) { return check_peer(peer); });
  return error != 0 ? error : send(call, fd, message, flags);
}

bool has_path(const msghdr& message, SocketPath& path) {
  return message.msg_name != nullptr &&
         path_of(static_cast<const sockaddr*>(message.msg_name), message.msg_namelen, path);
}

long send_message(const Call& call, int fd, const msghdr& given, long flags) {
  SocketPath path;
  Node node;
  Address address;
  msghdr message = given;
  if (has_path(given, path)) {
    if (const long error = address.find_peer(path, node); error != 0) return error;
    message.msg_name = &address.value;
    message.msg_namelen = address.size;
  }
  return names_process(message) ? send_as_known(call, fd, message, flags) : send(call, fd, message, flags);
}

// Whether the kernel can have it as it is.
bool is_plain(const msghdr& message) {
  SocketPath path;
  return !has_path(message, path) && !names_process(message);
}

}  // namespace

long on_sendto(Call& call) {
  SocketPath path;
  if (!path_of(call.pointer<const sockaddr>(4), call.word(5), path)) {
    const SignalsOpen open(call);
    return pass(call);
  }
  Node node;
  Address address;
  if (const long error = address.find_peer(path, node); error != 0) return error;
  const long(&a)[6] = call.arguments;
  const SignalsOpen open(call);
  return sys(SYS_sendto, a[0], a[1], a[2], a[3], &address.value, address.size);
}

long on_sendmsg(Call& call) {
  const auto* given = call.pointer<const msghdr>(1);
  if (is_address(given) && !is_plain(*given))
    return send_message(call, call.fd(0), *given, call.arguments[2]);
  const SignalsOpen open(call);
  return pass(call);
}

long on_sendmmsg(Call& call) {
  auto* given = call.pointer<mmsghdr>(1);
  const std::uint32_t count = call.word(2);
  bool plain = true;
  for (std::uint32_t i = 0; plain && is_address(given) && i < count; ++i) plain = is_plain(given[i].msg_hdr);
  if (plain) {
    const SignalsOpen open(call);
    return pass(call);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const long sent = send_message(call, call.fd(0), given[i].msg_hdr, call.arguments[3]);
    if (sent < 0) return i == 0 ? sent : i;
    given[i].msg_len = static_cast<unsigned>(sent);
  }
  return count;
}

long on_recvfrom(Call& call) {
  auto* size = call.pointer<std::uint32_t>(5);
  if (!is_address(size)) return -EFAULT;
  ToldName name;
  const long(&a)[6] = call.arguments;
  long received = 0;
  {
    const SignalsOpen open(call);
    received = sys(SYS_recvfrom, a[0], a[1], a[2], a[3], &name.value, &name.size);
  }
  if (received < 0) return received;
  const long error = name.give(call.pointer<void>(4), *size);
  return error != 0 ? error : received;
}

long on_recvmsg(Call& call) {
  auto* given = call.pointer<msghdr>(1);
  if (!is_address(given)) return pass(call);
  msghdr message = *given;
  ToldName name;
  if (message.msg_name != nullptr) {
    message.msg_name = &name.value;
    message.msg_namelen = sizeof name.value;
  }
  long received = 0;
  {
    const SignalsOpen open(call);
    received = sys(SYS_recvmsg, call.fd(0), &message, call.arguments[2]);
  }
  if (received < 0) return received;
  given->msg_controllen = message.msg_controllen;
  given->msg_flags = message.msg_flags;
  if (table_owners() && is_address(message.msg_control)) {
    each_peer(message.msg_control, message.msg_controllen, [](Peer& peer) {
      show_peer(peer, false);
      return 0;
    });
  }
  name.size = message.msg_namelen;
  if (given->msg_name == nullptr) return received;
  const long error = name.give(given->msg_name, given->msg_namelen);
  return error != 0 ? error : received;
}

}  // namespace cooper::sandbox::stub
