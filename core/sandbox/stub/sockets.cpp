// Sockets with paths: the kernel is given others, which mean the same to every process of the step and are
// short enough, and tells those, so they are translated back.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sandbox/stub/changes.h"
#include "sandbox/stub/creation.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/signals.h"

namespace cooper::sandbox::stub {
namespace {

constexpr std::size_t kHead = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kRoom = sizeof sockaddr_un::sun_path;

// The path of an address; false: it has none that names a file.
bool path_of(const sockaddr* address, std::size_t size, char (&path)[kRoom + 1]) {
  if (size <= kHead || size > sizeof(sockaddr_un) || !is_address(address)) return false;
  if (address->sa_family != AF_UNIX) return false;
  const auto* named = reinterpret_cast<const sockaddr_un*>(address);
  if (named->sun_path[0] == '\0') return false;
  memcpy(path, named->sun_path, size - kHead);
  path[size - kHead] = '\0';
  return true;
}

struct Address {
  sockaddr_un value{};
  std::uint32_t size = 0;

  bool set(const char* path) {
    value.sun_family = AF_UNIX;
    Writer text(value.sun_path, kRoom);
    text.add(path);
    size = static_cast<std::uint32_t>(kHead + text.length() + 1);
    return !text.overflow();
  }
};

// "/proc/self/fd/960/run/socket": the same in each process, whatever its directory and root.
bool name_entry(const Entry& entry, Address& address) {
  PathBuffer text;
  if (entry.inside) {
    PathBuffer name;
    Place place{.directory = 0, .bind = nullptr, .name = name};
    place_of(entry.parent, place);
    const DescriptorPath root(place.directory);
    Writer path(text, kPathSize);
    path.add(root.text).add("/");
    if (place.name[0] != '\0') path.add(place.name).add("/");
    path.add(entry.name);
    if (address.set(text)) return true;
  }
  if (entry.directory.get() == AT_FDCWD) return address.set(entry.name);
  const DescriptorPath parent(entry.directory.get());
  Writer(text, kPathSize).add(parent.text).add("/").add(entry.name);
  return address.set(text);
}

// Back to what the step called it, as far as that can be told.
void strip(Address& address) {
  constexpr char kPrefix[] = "/proc/self/fd/";
  address.value.sun_path[kRoom - 1] = '\0';
  if (!starts_with(address.value.sun_path, kPrefix)) return;
  const char* rest = address.value.sun_path + sizeof kPrefix - 1;
  const auto fd = static_cast<int>(read_number(rest));
  PathBuffer path;
  Writer text(path, kPathSize);
  if (fd >= kFirstBindFd && fd < kFirstBindFd + static_cast<int>(board().bind_count)) {
    text.add(board().binds[fd - kFirstBindFd].target);
  } else if (fd != kRootFd) {
    return;
  }
  text.add(rest);
  if (from_tree(path)) address.set(path);
}

// Where a connection or a message goes. `node` has to live until it is made.
long find_peer(const char* path, Node& node, Address& address) {
  if (const long error = open_node(AT_FDCWD, path, 0, node); error != 0) return error;
  if (const long error = check_access(node.file, kMayWrite); error != 0) return error;
  const DescriptorPath link(node.fd.get());
  address.set(link.text);
  return 0;
}

}  // namespace

long on_socket(Call& call) {
  if (board().no_network != 0) return -EACCES;
  // Programs that tell the kernel's audit who did what take a refusal for a fault, but not that there is
  // none.
  constexpr int kAudit = 9;  // NETLINK_AUDIT
  if (call.fd(0) == AF_NETLINK && call.fd(2) == kAudit) return -EPROTONOSUPPORT;
  return pass(call);
}

long on_bind(Call& call) {
  char path[kRoom + 1];
  if (!path_of(call.pointer<const sockaddr>(1), call.word(2), path)) return pass(call);
  Entry entry;
  struct stat parent {};
  if (const long error = find_entry(AT_FDCWD, path, entry); error != 0) return error;
  struct stat file;
  if (entry.special || stat_entry(entry, file) == 0) return -EADDRINUSE;
  if (const long error = check_creation(entry, parent); error != 0) return error;
  note_change(entry);
  Address address;
  if (!name_entry(entry, address)) return -ENAMETOOLONG;
  const long error = sys(SYS_bind, call.fd(0), &address.value, address.size);
  if (error == 0) stamp(entry.directory.get(), entry.name, 0777, parent, false);
  return error;
}

long on_connect(Call& call) {
  char path[kRoom + 1];
  if (!path_of(call.pointer<const sockaddr>(1), call.word(2), path)) {
    const SignalsOpen open(call);
    return pass(call);
  }
  Node node;
  Address address;
  if (const long error = find_peer(path, node, address); error != 0) return error;
  const SignalsOpen open(call);
  return sys(SYS_connect, call.fd(0), &address.value, address.size);
}

long on_sendto(Call& call) {
  char path[kRoom + 1];
  if (!path_of(call.pointer<const sockaddr>(4), call.word(5), path)) {
    const SignalsOpen open(call);
    return pass(call);
  }
  Node node;
  Address address;
  if (const long error = find_peer(path, node, address); error != 0) return error;
  const long(&a)[6] = call.arguments;
  const SignalsOpen open(call);
  return sys(SYS_sendto, a[0], a[1], a[2], a[3], &address.value, address.size);
}

long on_sendmsg(Call& call) {
  char path[kRoom + 1];
  const auto* given = call.pointer<const msghdr>(1);
  const bool named = is_address(given) && given->msg_name != nullptr &&
                     path_of(static_cast<const sockaddr*>(given->msg_name), given->msg_namelen, path);
  if (!named) {
    const SignalsOpen open(call);
    return pass(call);
  }
  Node node;
  Address address;
  if (const long error = find_peer(path, node, address); error != 0) return error;
  msghdr message = *given;
  message.msg_name = &address.value;
  message.msg_namelen = address.size;
  const SignalsOpen open(call);
  return sys(SYS_sendmsg, call.fd(0), &message, call.arguments[2]);
}

long on_socket_name(Call& call) {
  auto* out = call.pointer<char>(1);
  auto* size = call.pointer<std::uint32_t>(2);
  if (!is_address(size)) return -EFAULT;
  Address address;
  address.size = sizeof address.value;
  sockaddr_storage storage{};
  std::uint32_t length = sizeof storage;
  const long error = sys(call.number, call.fd(0), &storage, &length);
  if (error != 0) return error;
  if (storage.ss_family != AF_UNIX || length <= kHead || length > sizeof address.value) return pass(call);
  memcpy(&address.value, &storage, length);
  address.size = length;
  if (address.value.sun_path[0] != '\0') strip(address);
  const std::uint32_t given = *size < address.size ? *size : address.size;
  if (given != 0 && !is_address(out)) return -EFAULT;
  memcpy(out, &address.value, given);
  *size = address.size;
  return 0;
}

long on_getsockopt(Call& call) {
  const long error = pass(call);
  struct Peer {
    int process;
    std::uint32_t uid;
    std::uint32_t gid;
  };
  auto* peer = call.pointer<Peer>(3);
  const auto* size = call.pointer<const std::uint32_t>(4);
  if (error != 0 || *size < sizeof *peer) return error;
  // All processes of the step are one to the kernel; who asks is mostly whom it hopes for.
  const Credentials& who = identity().credentials;
  if (peer->uid == board().host_uid) peer->uid = who.uid.effective;
  if (peer->gid == board().host_gid) peer->gid = who.gid.effective;
  return 0;
}

}  // namespace cooper::sandbox::stub
