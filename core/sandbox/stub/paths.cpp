#include "sandbox/stub/paths.h"

#include <fcntl.h>
#include <linux/openat2.h>

#include "sandbox/stub/identity.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/walk.h"

namespace cooper::sandbox::stub {
namespace {

// openat2() refuses what open() has always ignored.
constexpr int kOpenFlags = O_ACCMODE | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |
                           O_DSYNC | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_PATH | O_NOATIME | O_DIRECT |
                           O_ASYNC | O_TMPFILE;

int known_flags(int flags) {
  if ((flags & O_PATH) != 0) return flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return flags & kOpenFlags;
}

bool makes_file(int flags) {
  return (flags & O_TMPFILE) == O_TMPFILE;
}

long open_beneath(int directory, const char* path, int flags, unsigned mode, std::uint64_t resolve) {
  const int wanted = known_flags(flags);
  const open_how how = {.flags = static_cast<std::uint64_t>(wanted),
                        .mode = makes_file(wanted) ? mode & 07777 : 0,
                        .resolve = resolve};
  // EAGAIN: something was renamed while ".." was resolved, and the kernel asks to try again.
  constexpr int kTries = 64;
  long result = -EAGAIN;
  for (int i = 0; i < kTries && result == -EAGAIN; ++i) {
    result = sys(SYS_openat2, directory, path, &how, sizeof how);
  }
  return result;
}

// -EXDEV: the walk has to tell.
long open_bind(const Bind& bind, const char* rest, int flags, unsigned mode) {
  if (climbs(rest)) return -EXDEV;
  if (*rest != '\0') return open_beneath(bind.fd, rest, flags, mode, RESOLVE_BENEATH);
  return open_place({.directory = bind.fd, .bind = &bind, .name = const_cast<char*>("")}, flags, mode);
}

long open_by_kernel(int directory, const char* path, int flags, unsigned mode) {
  if (path[0] != '/') return open_beneath(directory, path, flags, mode, RESOLVE_BENEATH);
  while (path[1] == '/') ++path;
  const bool changed = identity().root_length != 0;
  const char* rest = nullptr;
  const Bind* bind = changed ? nullptr : find_bind(path, rest);
  if (bind != nullptr) return open_bind(*bind, rest, flags, mode);
  return open_beneath(changed ? kChangedRootFd : kRootFd, path, flags, mode, RESOLVE_IN_ROOT);
}

// Whether the kernel's answer may be due to a bind's placeholder, to a link that leaves a directory, or to a
// link of /proc.
bool needs_walk(long result, int flags) {
  if (result == -ELOOP || result == -EXDEV || result == -EAGAIN) return true;
  return result == -ENOTDIR && (flags & O_NOFOLLOW) != 0;
}

bool is_placeholder(const struct stat& file) {
  return S_ISLNK(file.st_mode) && placeholder_of(file.st_dev, file.st_ino) != nullptr;
}

// What open() would check of what was found.
long check_open(const Place& place, int flags) {
  if ((flags & O_PATH) != 0 || !is_restricted()) return 0;
  struct stat file;
  const long error =
      sys(SYS_newfstatat, place.directory, place.name, &file, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
  if (error != 0) return error;
  if ((flags & O_DIRECTORY) != 0 && !S_ISDIR(file.st_mode)) return -ENOTDIR;
  const int access = flags & O_ACCMODE;
  unsigned wanted = access == O_RDONLY ? kMayRead : access == O_WRONLY ? kMayWrite : kMayRead | kMayWrite;
  if (makes_file(flags)) wanted = kMayWrite | kMayExecute;
  return check_access(file, wanted);
}

}  // namespace

long open_walked(int directory, const char* path, int flags, unsigned mode) {
  PathBuffer where;
  if (path[0] != '/') {
    long error = tree_path(directory, where);
    if (error == -ENOENT && removed_path(directory, where)) {
      // A directory that was removed has no names any more, but still a parent.
      const bool climbs = starts_with(path, "..") && (path[2] == '/' || path[2] == '\0');
      if (!climbs) return sys(SYS_openat, directory, path, flags | O_NOFOLLOW, mode);
      where[last_component(where) - where.get() - 1] = '\0';
      path += 2;
      while (*path == '/') ++path;
      error = 0;
    }
    // Outside of the tree nothing is known, and nothing to be hidden.
    if (error == -ENOENT) return sys(SYS_openat, directory, path, flags, mode);
    if (error != 0) return error;
  }
  Walked walked{.follow_last = (flags & O_NOFOLLOW) == 0};
  if (const long error = walk(where, path, walked); error != 0) return error;
  if (walked.missing) return -ENOENT;
  PathBuffer name;
  Place place{.directory = 0, .bind = nullptr, .name = name};
  place_of(where, place);
  if (walked.magic) return open_place(place, known_flags(flags) & ~O_NOFOLLOW, mode);
  if (const long error = check_open(place, flags); error != 0) return error;
  if (place.name[0] == '\0' && place.bind == nullptr) Writer(name, kPathSize).add(".");
  return open_place(place, known_flags(flags) | O_NOFOLLOW | (walked.directory ? O_DIRECTORY : 0), mode);
}

long open_at(int directory, const char* path, int flags, unsigned mode) {
  if (!is_address(path)) return -EFAULT;
  if (*path == '\0') return -ENOENT;
  if (board().no_openat2 != 0 || is_restricted()) return open_walked(directory, path, flags, mode);
  const long result = open_by_kernel(directory, path, flags, mode);
  if (result >= 0) {
    if ((flags & O_PATH) == 0 || (flags & O_NOFOLLOW) == 0) return result;
    struct stat file;
    if (sys(SYS_fstat, result, &file) != 0 || !is_placeholder(file)) return result;
    sys(SYS_close, result);
    return open_walked(directory, path, flags, mode);
  }
  return needs_walk(result, flags) ? open_walked(directory, path, flags, mode) : result;
}

long open_node(int directory, const char* path, int flags, Node& node) {
  if (path == nullptr && (flags & AT_EMPTY_PATH) != 0) path = "";
  if (!is_address(path)) return -EFAULT;
  if (*path == '\0') {
    if ((flags & AT_EMPTY_PATH) == 0) return -ENOENT;
    if (directory == AT_FDCWD) {
      node.fd.set(sys(SYS_openat, AT_FDCWD, ".", O_PATH | O_CLOEXEC), true);
    } else {
      node.fd.set(directory, false);
    }
  } else {
    const int follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0;
    node.fd.set(open_at(directory, path, O_PATH | O_CLOEXEC | follow), true);
  }
  if (node.fd.get() < 0) return node.fd.get();
  return sys(SYS_fstat, node.fd.get(), &node.file);
}

namespace {

// Opens what is before the last name. `head`: its length in `path`, 0 for none.
long open_parent(int directory, const char* path, std::size_t head, Entry& entry) {
  if (head == 0) {
    entry.directory.set(directory, false);
  } else {
    PathBuffer text;
    Writer(text, kPathSize).add(path, head);
    entry.directory.set(open_at(directory, text, O_PATH | O_DIRECTORY | O_CLOEXEC), true);
    if (entry.directory.get() < 0) return entry.directory.get();
  }
  if (!is_restricted() || entry.special) return 0;
  // A name is looked up in it.
  struct stat file;
  const long error = sys(SYS_newfstatat, entry.directory.get(), "", &file, AT_EMPTY_PATH);
  return error != 0 ? error : check_access(file, kMayExecute);
}

// Where the directory is in the tree, and what that means for the name.
void locate(Entry& entry) {
  entry.inside = tree_path(entry.directory.get(), entry.parent) == 0;
  if (!entry.inside) {
    entry.parent[0] = '\0';
    return;
  }
  const char* rest = nullptr;
  entry.bind = find_bind(entry.parent, rest);
  if (entry.special) return;
  const std::size_t length = strlen(entry.parent);
  Writer path(entry.parent + length, kPathSize - length);
  path.add("/").add(entry.name);
  entry.is_bind_target = !path.overflow() && is_bind_target(entry.parent);
  entry.parent[length] = '\0';
}

}  // namespace

long find_entry(int directory, const char* path, Entry& entry) {
  if (!is_address(path)) return -EFAULT;
  const std::size_t length = strlen(path);
  if (length == 0) return -ENOENT;
  if (length >= kPathSize) return -ENAMETOOLONG;
  std::size_t end = length;
  while (end > 1 && path[end - 1] == '/') --end;
  entry.slash = end != length;
  std::size_t start = end;
  while (start > 0 && path[start - 1] != '/') --start;
  const std::size_t size = end - start;
  entry.root = size == 0;  // nothing but slashes
  if (size >= sizeof entry.name) return -ENAMETOOLONG;
  Writer(entry.name, sizeof entry.name).add(path + start, size);
  entry.climb = equal(entry.name, "..");
  entry.special = entry.root || is_dots(entry.name);
  if (entry.special) Writer(entry.name, sizeof entry.name).add(".");
  const std::size_t head = entry.special ? length : start;
  if (const long error = open_parent(directory, path, head, entry); error != 0) return error;
  locate(entry);
  return 0;
}

long stat_entry(const Entry& entry, struct stat& file) {
  return sys(SYS_newfstatat, entry.directory.get(), entry.name, &file, AT_SYMLINK_NOFOLLOW);
}

long check_writable(const Entry& entry) {
  if (entry.bind != nullptr && (entry.bind->flags & Bind::kReadOnly) != 0) return -EROFS;
  return entry.is_bind_target ? -EBUSY : 0;
}

}  // namespace cooper::sandbox::stub
