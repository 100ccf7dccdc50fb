#include "sandbox/stub/binds.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/identity.h"

namespace cooper::sandbox::stub {
namespace {

std::size_t g_root_length = 0;
// Whether a bind's target may begin with this character: most paths need no closer look.
bool g_first[256];

// What is left of `path` behind `prefix`, from the slash on; nullptr: it is not below it.
const char* behind(const char* path, const char* prefix) {
  while (*prefix != '\0') {
    if (*path++ != *prefix++) return nullptr;
  }
  return *path == '\0' || *path == '/' ? path : nullptr;
}

}  // namespace

void start_binds() {
  g_root_length = strlen(board().root_path);
  if (g_root_length == 1) g_root_length = 0;
  for (std::uint32_t i = 0; i < board().bind_count; ++i) {
    g_first[static_cast<unsigned char>(board().binds[i].target[1])] = true;
  }
}

const Bind* find_bind(const char* path, const char*& rest) {
  if (path[0] == '\0' || !g_first[static_cast<unsigned char>(path[1])]) return nullptr;
  for (std::uint32_t i = 0; i < board().bind_count; ++i) {
    const Bind& bind = board().binds[i];
    const char* found = behind(path, bind.target);
    if (found == nullptr) continue;
    while (*found == '/') ++found;
    rest = found;
    return &bind;
  }
  return nullptr;
}

bool is_bind_target(const char* path) {
  const char* rest = nullptr;
  const Bind* bind = find_bind(path, rest);
  return bind != nullptr && *rest == '\0';
}

const Bind* placeholder_of(std::uint64_t device, std::uint64_t inode) {
  for (std::uint32_t i = 0; i < board().bind_count; ++i) {
    if (board().found[i].inode == inode && board().found[i].device == device) return &board().binds[i];
  }
  return nullptr;
}

void place_of(const char* path, Place& place) {
  const char* rest = path;
  while (*rest == '/') ++rest;
  place.bind = find_bind(path, rest);
  place.directory = place.bind == nullptr ? kRootFd : place.bind->fd;
  Writer(place.name, kPathSize).add(rest);
}

long open_place(const Place& place, int flags, unsigned mode) {
  if (place.name[0] != '\0') return sys(SYS_openat, place.directory, place.name, flags, mode);
  // The descriptor may be of a file, or of memory, and is to be opened anew.
  const DescriptorPath self(place.directory);
  return sys(SYS_openat, AT_FDCWD, self.text, flags & ~O_NOFOLLOW, mode);
}

bool to_tree(char* path) {
  const char* best = nullptr;
  const char* target = "";
  std::size_t longest = 0;
  if (memcmp(path, board().root_path, g_root_length) == 0 &&
      (path[g_root_length] == '/' || path[g_root_length] == '\0')) {
    best = path + g_root_length;
    longest = g_root_length;
  }
  for (std::uint32_t i = 0; i < board().bind_count; ++i) {
    const char* place = board().found[i].place;
    if (place[0] == '\0') continue;
    const char* found = behind(path, place);
    const std::size_t length = strlen(place);
    if (found == nullptr || (best != nullptr && length <= longest)) continue;
    best = found;
    longest = length;
    target = board().binds[i].target;
  }
  if (best == nullptr) return false;
  const std::size_t head = strlen(target);
  const std::size_t tail = strlen(best);
  if (head + tail >= kPathSize) return false;
  memmove(path + head, best, tail + 1);
  memcpy(path, target, head);
  if (equal(path, "/")) path[0] = '\0';
  return true;
}

long tree_path(int fd, char* path) {
  long length = 0;
  if (fd == AT_FDCWD) {
    length = sys(SYS_getcwd, path, kPathSize);
    if (length < 0) return length;
  } else {
    const DescriptorPath link(fd);
    length = sys(SYS_readlink, link.text, path, kPathSize - 1);
    if (length < 0) return -EBADF;
    path[length] = '\0';
  }
  return path[0] == '/' && to_tree(path) ? 0 : -ENOENT;
}

bool removed_path(int fd, char* path) {
  constexpr char kDeleted[] = " (deleted)";
  const DescriptorPath link(fd);
  const long length = sys(SYS_readlink, fd == AT_FDCWD ? "/proc/self/cwd" : link.text, path, kPathSize - 1);
  path[length > 0 ? length : 0] = '\0';
  if (path[0] != '/' || !ends_with(path, kDeleted)) return false;
  path[length - static_cast<long>(sizeof kDeleted - 1)] = '\0';
  return to_tree(path);
}

bool from_tree(char* path) {
  const Identity& who = identity();
  if (memcmp(path, who.root, who.root_length) != 0) return false;
  const char* rest = path + who.root_length;
  if (*rest != '/' && *rest != '\0') return false;
  if (*rest == '\0') {
    path[0] = '/';
    path[1] = '\0';
  } else {
    memmove(path, rest, strlen(rest) + 1);
  }
  return true;
}

void survey_binds() {
  // As the kernel calls it, whatever the builder took it for.
  const DescriptorPath root(kRootFd);
  const long root_length = sys(SYS_readlink, root.text, board().root_path, kPathSize - 1);
  if (root_length > 0) board().root_path[root_length] = '\0';
  for (std::uint32_t i = 0; i < board().bind_count; ++i) {
    const Bind& bind = board().binds[i];
    Found& found = board().found[i];
    struct stat file;
    if (sys(SYS_newfstatat, kRootFd, bind.target + 1, &file, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(file.st_mode)) {
      found.device = file.st_dev;
      found.inode = file.st_ino;
    }
    if ((bind.flags & Bind::kMagicLinks) != 0 &&
        sys(SYS_newfstatat, bind.fd, "", &file, AT_EMPTY_PATH) == 0) {
      board().proc_device = file.st_dev;
    }
    const DescriptorPath link(bind.fd);
    const long length = sys(SYS_readlink, link.text, found.place, sizeof found.place - 1);
    found.place[length > 0 ? length : 0] = '\0';
    if (found.place[0] != '/') found.place[0] = '\0';
  }
}

}  // namespace cooper::sandbox::stub
