#include "sandbox/stub/addresses.h"

#include <fcntl.h>

#include "sandbox/stub/identity.h"
#include "sandbox/stub/permission.h"

namespace cooper::sandbox::stub {
namespace {

constexpr std::size_t kHead = offsetof(sockaddr_un, sun_path);
constexpr std::size_t kRoom = sizeof sockaddr_un::sun_path;

// What follows "//", if anything: a name as it was given, in the directory of who gave it.
const char* given_name(const char* path) {
  for (; *path != '\0'; ++path) {
    if (path[0] == '/' && path[1] == '/') return path + 2;
  }
  return nullptr;
}

// Whether a path is no more than a name in the process's directory.
bool is_in_directory(const char* path, const char* name) {
  return equal(path, name) || (starts_with(path, "./") && equal(path + 2, name));
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
  if (const char* given = given_name(rest)) {
    text = Writer(path, kPathSize);
    text.add(given);
    address.set(path);
    return;
  }
  text.add(rest);
  if (from_tree(path)) address.set(path);
}

}  // namespace

bool path_of(const sockaddr* address, std::size_t size, SocketPath& path) {
  if (size <= kHead || size > sizeof(sockaddr_un) || !is_address(address)) return false;
  if (address->sa_family != AF_UNIX) return false;
  const auto* named = reinterpret_cast<const sockaddr_un*>(address);
  if (named->sun_path[0] == '\0') return false;
  memcpy(path, named->sun_path, size - kHead);
  path[size - kHead] = '\0';
  return true;
}

bool Address::set(const char* path) {
  value = {};
  value.sun_family = AF_UNIX;
  Writer text(value.sun_path, kRoom);
  text.add(path);
  size = static_cast<std::uint32_t>(kHead + text.length() + 1);
  return !text.overflow();
}

// "/proc/self/fd/960/run/socket", or with "//" before a name that was given without its directory: the same
// in each process, whatever its directory and root.
bool Address::set(const Entry& entry, const char* given) {
  PathBuffer text;
  if (entry.inside) {
    PathBuffer name;
    Place place{.directory = 0, .bind = nullptr, .name = name};
    place_of(entry.parent, place);
    const DescriptorPath root(place.directory);
    Writer path(text, kPathSize);
    path.add(root.text);
    if (place.name[0] != '\0') path.add("/").add(place.name);
    const std::size_t directory = path.length();
    if (is_in_directory(given, entry.name)) {
      path.add("//").add(given);
      if (set(text)) return true;
    }
    Writer(text + directory, kPathSize - directory).add("/").add(entry.name);
    if (set(text)) return true;
  }
  if (entry.directory.get() == AT_FDCWD) return set(entry.name);
  const DescriptorPath parent(entry.directory.get());
  Writer(text, kPathSize).add(parent.text).add("/").add(entry.name);
  return set(text);
}

long Address::find_peer(const char* path, Node& node) {
  if (const long error = open_node(AT_FDCWD, path, 0, node); error != 0) return error;
  if (const long error = check_access(node.file, kMayWrite); error != 0) return error;
  const DescriptorPath link(node.fd.get());
  set(link.text);
  return 0;
}

long ToldName::give(void* out, std::uint32_t& room) const {
  Address address;
  const void* from = &value;
  std::uint32_t length = size;
  if (value.ss_family == AF_UNIX && size > kHead && size <= sizeof address.value) {
    memcpy(&address.value, &value, size);
    address.size = size;
    if (address.value.sun_path[0] != '\0') strip(address);
    from = &address.value;
    length = address.size;
  }
  const std::uint32_t given = room < length ? room : length;
  if (given != 0 && !is_address(out)) return -EFAULT;
  memcpy(out, from, given);
  room = length;
  return 0;
}

}  // namespace cooper::sandbox::stub
