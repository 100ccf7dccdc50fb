// Opening files: reading is a matter of finding them, writing one of making them the tree's own first.
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/sysmacros.h>

#include "sandbox/stub/changes.h"
#include "sandbox/stub/creation.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/signals.h"
#include "sandbox/stub/table.h"
#include "sandbox/stub/xattr.h"

namespace cooper::sandbox::stub {
namespace {

constexpr int kMaxLinks = 40;
// The answer of a step of the way that says: once more.
constexpr long kAgain = 1;

struct Request {
  const Call* call;
  int flags;
  unsigned mode;

  bool creates() const { return (flags & O_CREAT) != 0; }
  bool writes() const { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0; }
};

unsigned wanted_access(int flags) {
  unsigned wanted = (flags & O_TRUNC) != 0 ? kMayWrite : 0;
  if ((flags & O_ACCMODE) != O_WRONLY) wanted |= kMayRead;
  if ((flags & O_ACCMODE) != O_RDONLY) wanted |= kMayWrite;
  return wanted;
}

// The path of the node that every system has for a device; nullptr: there is none.
const char* node_of(std::uint64_t device) {
  if (major(device) == 5 && minor(device) == 0) return "/dev/tty";
  if (major(device) != 1) return nullptr;
  switch (minor(device)) {
    case 3:
      return "/dev/null";
    case 5:
      return "/dev/zero";
    case 7:
      return "/dev/full";
    case 8:
      return "/dev/random";
    case 9:
      return "/dev/urandom";
    default:
      return nullptr;
  }
}

// A device that the step made itself is an empty file on disk; the usual ones are really there as binds.
long open_device(const TableEntry& entry, int flags) {
  const char* path = node_of(entry.rdev);
  const char* rest = nullptr;
  if (!S_ISCHR(entry.mode) || path == nullptr || find_bind(path, rest) == nullptr || *rest != '\0')
    return -ENXIO;
  PathBuffer name;
  Place place{.directory = 0, .bind = nullptr, .name = name};
  place_of(path, place);
  return open_place(place, flags & ~(O_CREAT | O_EXCL), 0);
}

// Other threads' opens wait as little as this one's signals do.
long open_waiting(const Call& call, int directory, const char* name, int flags, unsigned mode) {
  const SignalsOpen open(call);
  return sys(SYS_openat, directory, name, flags, mode);
}

long make_file(const Entry& entry, const Request& request) {
  struct stat parent {};
  if (const long error = check_creation(entry, parent); error != 0) return error;
  note_change(entry);
  const int flags = request.flags | O_CREAT | O_EXCL | O_NOFOLLOW;
  const unsigned mode = request.mode & 07777;
  const Making making;
  const long fd = sys(SYS_openat, entry.directory.get(), entry.name, flags, disk_mode(mode, false));
  if (fd == -EEXIST && (request.flags & O_EXCL) == 0) return kAgain;
  if (fd >= 0) stamp(making, static_cast<int>(fd), "", mode, parent, false);
  return fd < 0 ? fd : fd + kAgain + 1;
}

// Who is not root takes away, by writing to a file, what would let others act as its owner. The writing
// itself is not seen here, so that opening for it is what counts.
void drop_set_ids(const struct stat& file, const TableEntry& known) {
  if (has_capability(CAP_FSETID) || (known.flags & TableEntry::kMode) == 0) return;
  std::uint32_t mode = known.mode & ~static_cast<std::uint32_t>(S_ISUID);
  if ((mode & 010) != 0) mode &= ~static_cast<std::uint32_t>(S_ISGID);
  if (mode != known.mode) update(file, [mode](TableEntry& entry) { entry.mode = mode; });
}

// Whoever writes takes away what the program was trusted with; emptying the file is writing for sure.
void drop_capabilities(const struct stat& file) {
  update(file, [](TableEntry& entry) { remove_record(entry, "security.capability"); });
}

// Sockets and devices of others are not to be taken for files in a directory like /tmp, whatever
// fs.protected_regular says (fs/namei.c, may_create_in_sticky()).
bool is_foreign_in_sticky(const Entry& entry, const struct stat& file) {
  struct stat shown = file;
  show(shown);
  if (S_ISREG(shown.st_mode) || S_ISFIFO(shown.st_mode)) return false;
  struct stat parent;
  if (sys(SYS_newfstatat, entry.directory.get(), ".", &parent, 0) != 0) return false;
  show(parent);
  constexpr unsigned kSticky = S_ISVTX | S_IWOTH;
  return table_owners() && (parent.st_mode & kSticky) == kSticky && shown.st_uid != parent.st_uid &&
         shown.st_uid != identity().credentials.uid.file_system;
}

long open_existing(const Entry& entry, struct stat& file, const Request& request) {
  if (request.creates() && (request.flags & O_EXCL) != 0) return -EEXIST;
  if (S_ISDIR(file.st_mode)) return request.creates() || request.writes() ? -EISDIR : kAgain;
  if (entry.slash) return -ENOTDIR;
  if (const long error = check_access(file, wanted_access(request.flags)); error != 0) return error;
  if (request.creates() && is_foreign_in_sticky(entry, file)) return -EACCES;
  const TableEntry known = look_up(file);
  if ((known.flags & TableEntry::kDevice) != 0) {
    const long fd = open_device(known, request.flags);
    return fd < 0 ? fd : fd + kAgain + 1;
  }
  int flags = (request.flags & ~(O_CREAT | O_EXCL)) | O_NOFOLLOW;
  if (request.writes() && S_ISREG(file.st_mode)) {
    if (const long error = check_writable(entry); error != 0) return error;
    if (const long error = make_private(entry, file); error != 0) return error;
    note_change(entry);
    drop_set_ids(file, known);
    if ((request.flags & O_TRUNC) != 0 && known.first_xattr != 0) drop_capabilities(file);
  }
  const long fd = S_ISREG(file.st_mode)
                      ? sys(SYS_openat, entry.directory.get(), entry.name, flags)
                      : open_waiting(*request.call, entry.directory.get(), entry.name, flags, 0);
  // It is gone, or has become a symlink, since it was looked at.
  if ((fd == -ENOENT && request.creates()) || fd == -ELOOP) return kAgain;
  return fd < 0 ? fd : fd + kAgain + 1;
}

// Where a symlink leads becomes the path to look for.
long follow(const Entry& entry, char* path) {
  PathBuffer link;
  const long size = sys(SYS_readlinkat, entry.directory.get(), entry.name, link.get(), kPathSize - 1);
  if (size < 0) return size;
  link[size] = '\0';
  Writer text(path, kPathSize);
  text.add(link);
  if (entry.slash) text.add("/");
  return text.overflow() ? -ENAMETOOLONG : 0;
}

bool is_in_proc(const Entry& entry) {
  return entry.bind != nullptr && (entry.bind->flags & Bind::kMagicLinks) != 0;
}

// What is neither made nor shared is opened as a reader opens it, though for writing.
long open_plain(int directory, const char* path, const Request& request) {
  const SignalsOpen open(*request.call);
  return open_at(directory, path, request.flags & ~(O_CREAT | O_EXCL), 0);
}

// One look at a path. `entry` is where a symlink was found when the answer is kAgain and `path` has changed.
long try_write(int directory, const char* path, Entry& entry, const Request& request, char* next) {
  next[0] = '\0';
  if (const long error = find_entry(directory, path, entry); error != 0) return error;
  if (entry.special) {
    if (request.creates() && (request.flags & O_EXCL) != 0) return -EEXIST;
    return -EISDIR;
  }
  if (request.creates() && entry.slash) return -EISDIR;
  if (entry.is_bind_target || is_in_proc(entry)) {
    if (request.creates() && (request.flags & O_EXCL) != 0) return -EEXIST;
    const long fd = open_plain(directory, path, request);
    return fd < 0 ? fd : fd + kAgain + 1;
  }
  struct stat file;
  const long error = stat_entry(entry, file);
  if (error == -ENOENT && request.creates()) return make_file(entry, request);
  if (error != 0) return error;
  const bool exclusive = request.creates() && (request.flags & O_EXCL) != 0;
  if (!S_ISLNK(file.st_mode) || exclusive) return open_existing(entry, file, request);
  if ((request.flags & O_NOFOLLOW) != 0) return -ELOOP;
  const long failed = follow(entry, next);
  return failed != 0 ? failed : kAgain;
}

long open_for_writing(int directory, const char* path, const Request& request) {
  if (!is_address(path)) return -EFAULT;
  // Where a symlink was found, from which it is followed.
  Descriptor current(directory, false);
  PathBuffer link;
  PathBuffer next;
  int links = 0;
  for (int round = 0; round < 2 * kMaxLinks; ++round) {
    Entry entry;
    const long answer = try_write(current.get(), path, entry, request, next);
    if (answer < 0) return answer;
    if (answer > kAgain) return answer - kAgain - 1;
    if (next[0] == '\0') continue;
    if (++links > kMaxLinks) return -ELOOP;
    Writer(link, kPathSize).add(next);
    path = link;
    if (entry.directory.is_owned()) current.set(entry.directory.release(), true);
  }
  return -ELOOP;
}

long open_unnamed(int directory, const char* path, const Request& request) {
  const unsigned mode = request.mode & 07777;
  const long fd = open_at(directory, path, request.flags, disk_mode(mode, false));
  if (fd < 0) return fd;
  Node parent;
  if (open_node(directory, path, 0, parent) != 0) return fd;
  show(parent.file);
  stamp(Making(), static_cast<int>(fd), "", mode, parent.file, false);
  return fd;
}

long open_for_reading(int directory, const char* path, const Request& request) {
  // Only what may wait needs other signals to come through; what is left to do afterwards holds nothing.
  if ((request.flags & (O_NONBLOCK | O_DIRECTORY)) == 0) open_signals(*request.call);
  return open_at(directory, path, request.flags, 0);
}

// Whether what was opened stands for a device.
long check_device(long fd, int flags) {
  if (fd < 0 || board().devices == 0 || (flags & O_PATH) != 0) return fd;
  struct stat file;
  if (sys(SYS_fstat, fd, &file) != 0) return fd;
  const TableEntry entry = look_up(file);
  if ((entry.flags & TableEntry::kDevice) == 0) return fd;
  sys(SYS_close, fd);
  return open_device(entry, flags);
}

}  // namespace

long on_openat(Call& call) {
  const Request request{.call = &call, .flags = call.flags(2), .mode = call.word(3)};
  if ((request.flags & O_PATH) != 0) return open_at(call.fd(0), call.path(1), request.flags);
  if ((request.flags & O_TMPFILE) == O_TMPFILE) return open_unnamed(call.fd(0), call.path(1), request);
  // Kernels before 6.4 made a file.
  if (request.creates() && (request.flags & O_DIRECTORY) != 0) return -EINVAL;
  if (request.creates() || request.writes()) return open_for_writing(call.fd(0), call.path(1), request);
  return check_device(open_for_reading(call.fd(0), call.path(1), request), request.flags);
}

long on_truncate(Call& call) {
  if (call.arguments[1] < 0) return -EINVAL;
  {
    Node node;
    if (const long error = open_node(AT_FDCWD, call.path(0), 0, node); error != 0) return error;
    show(node.file);
    if (S_ISDIR(node.file.st_mode)) return -EISDIR;
    if (!S_ISREG(node.file.st_mode)) return -EINVAL;
  }
  const Request request{.call = &call, .flags = O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, .mode = 0};
  const Descriptor file(open_for_writing(AT_FDCWD, call.path(0), request));
  return file.get() < 0 ? file.get() : sys(SYS_ftruncate, file.get(), call.arguments[1]);
}

}  // namespace cooper::sandbox::stub
