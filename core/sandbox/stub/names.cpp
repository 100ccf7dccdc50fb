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

bool is_known(const struct stat& file) {
  const TableEntry known = look_up(file);
  return known.flags != 0 || known.first_xattr != 0;
}

// A name of the file is gone, which was in the directory of `entry`. The lock is held since before, if
// anything is known of the file: its inode may be somebody else's new file by now, which waits for the lock
// to say whose it is.
void lose_name(const Entry& entry, const struct stat& file) {
  const TableEntry known = look_up(file);
  if (known.flags == 0 && known.first_xattr == 0) return;
  const bool shared = entry.bind == nullptr && is_shared(file);
  const bool more = (known.flags & TableEntry::kLinks) != 0
                        ? known.links > 1
                        : !shared && !S_ISDIR(file.st_mode) && file.st_nlink > 1;
  if (!more) return forget(file, true);
  if ((known.flags & TableEntry::kLinks) == 0) return;
  TableEntry* fewer = existing_entry(file.st_dev, file.st_ino);
  if (fewer != nullptr && fewer->links > 1) --fewer->links;
}

long remove_directory(const Entry& entry) {
  if (entry.root) return -EBUSY;
  if (entry.climb) return -ENOTEMPTY;
  return entry.special ? -EINVAL : 0;
}

// What fs.protected_hardlinks forbids: names for files of others that one could not write anyway.
long check_link_source(const struct stat& file) {
  if (!is_restricted() || check_owner(file) == 0) return 0;
  struct stat shown = file;
  show(shown);
  const bool set_id = (shown.st_mode & S_ISUID) != 0 || (shown.st_mode & (S_ISGID | 010)) == (S_ISGID | 010);
  if (!S_ISREG(shown.st_mode) || set_id) return -EPERM;
  return check_shown(shown, kMayRead | kMayWrite, false) == 0 ? 0 : -EPERM;
}

// A descriptor gets its name by way of /proc: linkat() with AT_EMPTY_PATH takes a privilege.
long link_descriptor(int fd, const Entry& to) {
  const DescriptorPath link(fd);
  return sys(SYS_linkat, AT_FDCWD, link.text, to.directory.get(), to.name, AT_SYMLINK_FOLLOW);
}

void count_link(const struct stat& file) {
  update(file, [](TableEntry& entry) { entry.flags |= TableEntry::kPrivate; });
}

long link_node(Node& node, const Entry& to) {
  PathBuffer path;
  const char* rest = nullptr;
  const Bind* bind = nullptr;
  if (tree_path(node.fd.get(), path) == 0) bind = find_bind(path, rest);
  if (bind != to.bind) return -EXDEV;
  if (bind == nullptr) {
    if (const long error = prepare_change(node, true); error != 0) return error;
  }
  if (const long error = link_descriptor(node.fd.get(), to); error != 0) return error;
  count_link(node.file);
  return 0;
}

// A rename, and what is at its two ends.
struct Rename {
  Entry from;
  Entry to;
  unsigned flags = 0;
  struct stat moved {};
  struct stat victim {};
  bool replaces = false;  // there is a victim

  bool exchanges() const { return (flags & RENAME_EXCHANGE) != 0; }
  bool is_same() const { return replaces && victim.st_ino == moved.st_ino && victim.st_dev == moved.st_dev; }
};

// Whether `path` is what `entry` names, or below it.
bool is_in(const char* path, const Entry& entry) {
  PathBuffer name;
  Writer(name, kPathSize).add(entry.parent).add("/").add(entry.name);
  if (!entry.inside || !starts_with(path, name)) return false;
  const char next = path[strlen(name)];
  return next == '\0' || next == '/';
}

// What a kernel says before it looks who asks.
long look_at(Rename& rename) {
  const bool keeps = (rename.flags & RENAME_NOREPLACE) != 0;
  if (rename.from.bind != rename.to.bind) return -EXDEV;
  if (rename.from.special) return -EBUSY;
  if (rename.to.special) return keeps ? -EEXIST : -EBUSY;
  if (const long error = stat_entry(rename.from, rename.moved); error != 0) return error;
  rename.replaces = stat_entry(rename.to, rename.victim) == 0;
  if (keeps && rename.replaces) return -EEXIST;
  if (rename.exchanges() && !rename.replaces) return -ENOENT;
  const struct stat& behind = rename.exchanges() ? rename.victim : rename.moved;
  if (rename.from.slash && !S_ISDIR(rename.moved.st_mode)) return -ENOTDIR;
  if (rename.to.slash && !S_ISDIR(behind.st_mode)) return -ENOTDIR;
  if (is_in(rename.to.parent, rename.from)) return -EINVAL;
  if (!is_in(rename.from.parent, rename.to)) return 0;
  return rename.exchanges() ? -EINVAL : -ENOTEMPTY;
}

// A directory that gets another parent is written to: its ".." changes.
long check_new_parent(const Rename& rename) {
  if (equal(rename.from.parent, rename.to.parent)) return 0;
  if (S_ISDIR(rename.moved.st_mode)) {
    if (const long error = check_access(rename.moved, kMayWrite); error != 0) return error;
  }
  if (!rename.exchanges() || !S_ISDIR(rename.victim.st_mode)) return 0;
  return check_access(rename.victim, kMayWrite);
}

long check_rename(const Rename& rename) {
  if (const long error = check_writable(rename.from); error != 0) return error;
  if (const long error = check_writable(rename.to); error != 0) return error;
  if (!is_restricted()) return 0;
  struct stat file;
  if (const long error = prepare_removal(rename.from, file); error != 0) return error;
  const long error = rename.replaces ? prepare_removal(rename.to, file) : check_creation(rename.to, file);
  if (error != 0) return error;
  if (rename.replaces && !rename.exchanges() &&
      S_ISDIR(rename.moved.st_mode) != S_ISDIR(rename.victim.st_mode)) {
    return S_ISDIR(rename.moved.st_mode) ? -ENOTDIR : -EISDIR;
  }
  return check_new_parent(rename);
}

void note_rename(const Entry& from, const Entry& to, const struct stat& file) {
  const ChangeKind kind = S_ISDIR(file.st_mode) ? ChangeKind::kTree : ChangeKind::kPath;
  note_change(from, kind);
  note_change(to, kind);
}

constexpr unsigned kKnownRenames = RENAME_NOREPLACE | RENAME_EXCHANGE;

}  // namespace

long on_mkdirat(Call& call) {
  Entry entry;
  struct stat parent {};
  if (const long error = prepare_new(call.fd(0), call.path(1), true, entry, parent); error != 0) return error;
  const unsigned mode = call.word(2) & 01777;
  const Making making;
  const long error = sys(SYS_mkdirat, entry.directory.get(), entry.name, disk_mode(mode, true));
  if (error == 0) stamp(making, entry.directory.get(), entry.name, mode, parent, true);
  return error;
}

long on_mknodat(Call& call) {
  const unsigned type = call.word(2) & S_IFMT;
  const unsigned mode = call.word(2) & 07777;
  const bool device = type == S_IFCHR || type == S_IFBLK;
  if (type == S_IFDIR) return -EPERM;
  Entry entry;
  struct stat parent {};
  if (const long error = prepare_new(call.fd(0), call.path(1), false, entry, parent); error != 0)
    return error;
  if (device && table_owners() && !has_capability(CAP_MKNOD)) return -EPERM;
  if (!table_owners()) {
    return sys(SYS_mknodat, entry.directory.get(), entry.name, call.arguments[2], call.arguments[3]);
  }
  const unsigned disk = (device ? S_IFREG : type) | disk_mode(mode, false);
  {
    const Making making;
    const long error = sys(SYS_mknodat, entry.directory.get(), entry.name, disk, 0);
    if (error != 0) return error;
    stamp(making, entry.directory.get(), entry.name, mode, parent, false);
  }
  struct stat file;
  if (!device || stat_entry(entry, file) != 0) return 0;
  struct stat shown = file;
  show(shown);
  __atomic_store_n(&board().devices, 1U, __ATOMIC_RELAXED);
  update(file, [&](TableEntry& known) {
    known.mode = type | (shown.st_mode & 07777);
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
  const Making making;
  const long error = sys(SYS_symlinkat, target, entry.directory.get(), entry.name);
  if (error == 0) stamp(making, entry.directory.get(), entry.name, 0777, parent, false);
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
  if (entry.slash && !directory) {
    if (const long error = stat_entry(entry, victim); error != 0) return error;
    return S_ISDIR(victim.st_mode) ? -EISDIR : -ENOTDIR;
  }
  if (const long error = prepare_removal(entry, victim); error != 0) return error;
  note_change(entry);
  const bool known = is_known(victim);
  const TableLock lock(known);
  const long error = sys(SYS_unlinkat, entry.directory.get(), entry.name, flags);
  if (error == 0 && known) lose_name(entry, victim);
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
  if (const long error = find_entry(call.fd(2), call.path(3), to); error != 0) return error;
  if (const long error = check_new(to, false); error != 0) return error;
  if (const long error = check_link_source(node.file); error != 0) return error;
  struct stat parent {};
  if (const long error = check_creation(to, parent); error != 0) return error;
  if (S_ISDIR(node.file.st_mode)) return -EPERM;
  note_change(to);
  return link_node(node, to);
}

long on_renameat2(Call& call) {
  Rename rename;
  rename.flags = call.number == SYS_renameat2 ? call.word(4) : 0;
  if ((rename.flags & ~kKnownRenames) != 0 || rename.flags == kKnownRenames) return -EINVAL;
  Entry& from = rename.from;
  Entry& to = rename.to;
  if (const long error = find_entry(call.fd(0), call.path(1), from); error != 0) return error;
  if (const long error = find_entry(call.fd(2), call.path(3), to); error != 0) return error;
  if (const long error = look_at(rename); error != 0) return error;
  // Two names of one file: nothing is to be done.
  if (rename.is_same()) return 0;
  if (const long error = check_rename(rename); error != 0) return error;
  note_rename(from, to, rename.moved);
  if (rename.exchanges()) note_rename(from, to, rename.victim);
  const bool loses = rename.replaces && !rename.exchanges() && is_known(rename.victim);
  const TableLock lock(loses);
  const long error =
      sys(SYS_renameat2, from.directory.get(), from.name, to.directory.get(), to.name, rename.flags);
  if (error == 0 && loses) lose_name(to, rename.victim);
  return error;
}

}  // namespace cooper::sandbox::stub
