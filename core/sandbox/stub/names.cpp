// Making, removing and renaming.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>

#include "sandbox/stub/changes.h"
#include "sandbox/stub/creation.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/table.h"

namespace cooper::sandbox::stub {
namespace {

// What a kernel says of a name that is to be made, before it looks who asks.
long check_new(const Entry& entry, bool directory) {
  if (entry.special || entry.is_bind_target) return -EEXIST;
  struct stat file;
  if (stat_entry(entry, file) == 0) return -EEXIST;
  return entry.slash && !directory ? -ENOENT : 0;
}

long prepare_new(int directory, const char* path, bool is_directory, Entry& entry, struct stat& parent) {
  if (const long error = find_entry(directory, path, entry); error != 0) return error;
  if (const long error = check_new(entry, is_directory); error != 0) return error;
  if (const long error = check_creation(entry, parent); error != 0) return error;
  note_change(entry);
  return 0;
}

long prepare_removal(const Entry& entry, struct stat& victim) {
  if (const long error = check_writable(entry); error != 0) return error;
  if (const long error = stat_entry(entry, victim); error != 0) return error;
  if (is_restricted()) {
    struct stat parent;
    if (const long error = sys(SYS_newfstatat, entry.directory.get(), ".", &parent, 0); error != 0)
      return error;
    return check_removal(parent, victim);
  }
  return 0;
}

// A name of the file is gone.
void lose_name(const struct stat& file) {
  const TableEntry known = look_up(file);
  if (known.flags == 0 && known.first_xattr == 0) return;
  const bool shared = is_shared(file);
  const bool more = (known.flags & TableEntry::kLinks) != 0
                        ? known.links > 1
                        : !shared && !S_ISDIR(file.st_mode) && file.st_nlink > 1;
  if (!more) return forget(file);
  if ((known.flags & TableEntry::kLinks) == 0) return;
  update(file, [](TableEntry& entry) {
    if (entry.links > 1) --entry.links;
  });
}

long remove_directory(const Entry& entry) {
  if (entry.root) return -EBUSY;
  if (entry.climb) return -ENOTEMPTY;
  return entry.special ? -EINVAL : 0;
}

// A descriptor gets its name by way of /proc: linkat() with AT_EMPTY_PATH takes a privilege.
long link_descriptor(int fd, const Entry& to) {
  const DescriptorPath link(fd);
  return sys(SYS_linkat, AT_FDCWD, link.text, to.directory.get(), to.name, AT_SYMLINK_FOLLOW);
}

void count_link(const struct stat& file) {
  if (!S_ISREG(file.st_mode) && look_up(file).flags == 0) return;
  update(file, [](TableEntry& entry) { entry.flags |= TableEntry::kPrivate; });
}

long link_node(Node& node, const Entry& to) {
  if (S_ISDIR(node.file.st_mode)) return -EPERM;
  PathBuffer path;
  const char* rest = nullptr;
  const Bind* bind = nullptr;
  if (tree_path(node.fd.get(), path) == 0) bind = find_bind(path, rest);
  if (bind != to.bind) return -EXDEV;
  if (bind == nullptr) {
    if (const long error = prepare_change(node, true); error != 0) return error;
  }
  if (const long error = link_descriptor(node.fd.get(), to); error != 0) return error;
  if (bind == nullptr) count_link(node.file);
  return 0;
}

long check_rename(const Entry& from, const Entry& to, unsigned flags) {
  if (from.special || to.special) return -EBUSY;
  if (const long error = check_writable(from); error != 0) return error;
  if (const long error = check_writable(to); error != 0) return error;
  if (from.bind != to.bind) return -EXDEV;
  if (!is_restricted()) return 0;
  struct stat victim;
  if (const long error = prepare_removal(from, victim); error != 0) return error;
  struct stat parent;
  if (stat_entry(to, victim) != 0) return check_creation(to, parent);
  return (flags & RENAME_NOREPLACE) != 0 ? -EEXIST : prepare_removal(to, victim);
}

void note_rename(const Entry& from, const Entry& to, const struct stat& file) {
  const ChangeKind kind = S_ISDIR(file.st_mode) ? ChangeKind::kTree : ChangeKind::kPath;
  note_change(from, kind);
  note_change(to, kind);
}

// overlayfs does it for names of the disk too: char 0:0 in place of what was renamed.
constexpr unsigned kKnownRenames = RENAME_NOREPLACE | RENAME_EXCHANGE;

}  // namespace

long on_mkdirat(Call& call) {
  Entry entry;
  struct stat parent {};
  if (const long error = prepare_new(call.fd(0), call.path(1), true, entry, parent); error != 0) return error;
  const unsigned mode = call.word(2) & 01777;
  const long error = sys(SYS_mkdirat, entry.directory.get(), entry.name, disk_mode(mode, true));
  if (error == 0) stamp(entry.directory.get(), entry.name, mode, parent, true);
  return error;
}

long on_mknodat(Call& call) {
  const unsigned type = call.word(2) & S_IFMT;
  const unsigned mode = call.word(2) & 07777;
  const bool device = type == S_IFCHR || type == S_IFBLK;
  if (device && table_owners() && !has_capability(CAP_MKNOD)) return -EPERM;
  if (type == S_IFDIR) return -EPERM;
  Entry entry;
  struct stat parent {};
  if (const long error = prepare_new(call.fd(0), call.path(1), false, entry, parent); error != 0)
    return error;
  if (!table_owners()) {
    return sys(SYS_mknodat, entry.directory.get(), entry.name, call.arguments[2], call.arguments[3]);
  }
  const unsigned disk = (device ? S_IFREG : type) | disk_mode(mode, false);
  const long error = sys(SYS_mknodat, entry.directory.get(), entry.name, disk, 0);
  if (error != 0) return error;
  stamp(entry.directory.get(), entry.name, mode, parent, false);
  struct stat file;
  if (!device || stat_entry(entry, file) != 0) return 0;
  const unsigned wanted = (mode & ~current_umask()) & 07777;
  __atomic_store_n(&board().devices, 1U, __ATOMIC_RELAXED);
  update(file, [&](TableEntry& known) {
    known.mode = type | wanted;
    known.rdev = static_cast<std::uint32_t>(call.arguments[3]);
    known.flags |= TableEntry::kMode | TableEntry::kDevice;
  });
  return 0;
}

long on_symlinkat(Call& call) {
  const char* target = call.path(0);
  if (!is_address(target)) return -EFAULT;
  if (*target == '\0') return -ENOENT;
  Entry entry;
  struct stat parent {};
  if (const long error = prepare_new(call.fd(1), call.path(2), false, entry, parent); error != 0)
    return error;
  const long error = sys(SYS_symlinkat, target, entry.directory.get(), entry.name);
  if (error == 0) stamp(entry.directory.get(), entry.name, 0777, parent, false);
  return error;
}

long on_unlinkat(Call& call) {
  const int flags = call.flags(2);
  if ((flags & ~AT_REMOVEDIR) != 0) return -EINVAL;
  Entry entry;
  if (const long error = find_entry(call.fd(0), call.path(1), entry); error != 0) return error;
  const bool directory = (flags & AT_REMOVEDIR) != 0;
  if (directory) {
    if (const long error = remove_directory(entry); error != 0) return error;
  }
  if (entry.special) return -EISDIR;
  struct stat victim;
  if (const long error = prepare_removal(entry, victim); error != 0) return error;
  if (entry.slash && !S_ISDIR(victim.st_mode)) return -ENOTDIR;
  note_change(entry);
  const long error = sys(SYS_unlinkat, entry.directory.get(), entry.name, flags);
  if (error == 0) lose_name(victim);
  return error;
}

long on_linkat(Call& call) {
  const int flags = call.flags(4);
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  Node node;
  const int follow = (flags & AT_SYMLINK_FOLLOW) != 0 ? 0 : AT_SYMLINK_NOFOLLOW;
  if (const long error = open_node(call.fd(0), call.path(1), (flags & AT_EMPTY_PATH) | follow, node);
      error != 0) {
    return error;
  }
  Entry to;
  struct stat parent {};
  if (const long error = prepare_new(call.fd(2), call.path(3), false, to, parent); error != 0) return error;
  return link_node(node, to);
}

long on_renameat2(Call& call) {
  const unsigned flags = call.number == SYS_renameat2 ? call.word(4) : 0;
  if ((flags & ~kKnownRenames) != 0) return -EINVAL;
  Entry from;
  Entry to;
  if (const long error = find_entry(call.fd(0), call.path(1), from); error != 0) return error;
  if (const long error = find_entry(call.fd(2), call.path(3), to); error != 0) return error;
  if (const long error = check_rename(from, to, flags); error != 0) return error;
  struct stat moved;
  if (const long error = stat_entry(from, moved); error != 0) return error;
  if ((from.slash || to.slash) && !S_ISDIR(moved.st_mode)) return -ENOTDIR;
  struct stat victim;
  const bool replaces = stat_entry(to, victim) == 0;
  // Two names of one file: nothing is to be done, says POSIX, and that holds for the step's view of it.
  const bool same = replaces && victim.st_ino == moved.st_ino && victim.st_dev == moved.st_dev;
  note_rename(from, to, moved);
  if (replaces && (flags & RENAME_EXCHANGE) != 0) note_rename(from, to, victim);
  const long error = sys(SYS_renameat2, from.directory.get(), from.name, to.directory.get(), to.name, flags);
  if (error == 0 && replaces && !same && (flags & RENAME_EXCHANGE) == 0) lose_name(victim);
  return error;
}

}  // namespace cooper::sandbox::stub
