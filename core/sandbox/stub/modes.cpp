// Modes, owners and times.
#include <fcntl.h>
#include <linux/capability.h>

#include "sandbox/stub/acl.h"
#include "sandbox/stub/changes.h"
#include "sandbox/stub/creation.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/table.h"
#include "sandbox/stub/xattr.h"

namespace cooper::sandbox::stub {
namespace {

constexpr std::uint32_t kUnchanged = ~0U;

// Files of the system, such as those of /proc and /sys: the kernel knows better what may be done to them.
bool is_ours(const struct stat& file) {
  return file.st_uid == board().host_uid;
}

long change_disk_mode(const Node& node, unsigned mode) {
  const DescriptorPath link(node.fd.get());
  return sys(SYS_fchmodat, AT_FDCWD, link.text, mode);
}

// In the table as far as the disk cannot say it.
long change_mode(Node& node, unsigned mode) {
  if (S_ISLNK(node.file.st_mode)) return -EOPNOTSUPP;
  if (const long error = check_owner(node.file); error != 0) return error;
  if (const long error = prepare_change(node, !table_owners()); error != 0) return error;
  if (!table_owners() || !is_ours(node.file)) return change_disk_mode(node, mode);
  struct stat shown = node.file;
  show(shown);
  if (!has_capability(CAP_FSETID) && !in_group(shown.st_gid)) {
    mode &= ~static_cast<unsigned>(S_ISGID);
  }
  unsigned disk = node.file.st_mode & 07777;
  if (!is_shared(node.file)) {
    disk = disk_mode(mode, S_ISDIR(node.file.st_mode));
    if (const long error = change_disk_mode(node, disk); error != 0) return error;
  }
  const TableEntry known = look_up(node.file);
  if (disk == mode && known.flags == 0 && known.first_xattr == 0) return 0;
  update(node.file, [&](TableEntry& entry) {
    entry.mode = (shown.st_mode & S_IFMT) | mode;
    entry.flags |= TableEntry::kMode;
    set_acl_mode(entry, mode);
  });
  return 0;
}

long check_new_owner(const struct stat& shown, std::uint32_t uid, std::uint32_t gid) {
  if (has_capability(CAP_CHOWN)) return 0;
  const bool mine = shown.st_uid == identity().credentials.uid.file_system;
  const bool same_uid = uid == kUnchanged || (mine && uid == shown.st_uid);
  // It would take set-id bits away, which is a change of the mode.
  const bool set_id = !S_ISDIR(shown.st_mode) && ((shown.st_mode & S_ISUID) != 0 ||
                                                  (shown.st_mode & (S_ISGID | 010)) == (S_ISGID | 010));
  if (!mine && set_id) return -EPERM;
  const bool own_gid = gid == kUnchanged || (mine && (gid == shown.st_gid || in_group(gid)));
  return same_uid && own_gid ? 0 : -EPERM;
}

long change_owner(Node& node, std::uint32_t uid, std::uint32_t gid) {
  struct stat shown = node.file;
  show(shown);
  if (table_owners()) {
    if (const long error = check_new_owner(shown, uid, gid); error != 0) return error;
  }
  if (const long error = prepare_change(node, !table_owners()); error != 0) return error;
  if (!table_owners()) {
    return sys(SYS_fchownat, node.fd.get(), "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
  }
  if (!is_ours(node.file)) return -EPERM;
  // Whoever changes an owner takes what would let others act as the new one.
  unsigned mode = shown.st_mode;
  if (!S_ISDIR(mode)) {
    mode &= ~static_cast<unsigned>(S_ISUID);
    if ((mode & 010) != 0) mode &= ~static_cast<unsigned>(S_ISGID);
  }
  update(node.file, [&](TableEntry& entry) {
    entry.uid = uid == kUnchanged ? shown.st_uid : uid;
    entry.gid = gid == kUnchanged ? shown.st_gid : gid;
    entry.flags |= TableEntry::kOwned;
    if (mode != shown.st_mode) {
      entry.mode = mode;
      entry.flags |= TableEntry::kMode;
    }
    if (!S_ISDIR(mode)) remove_record(entry, "security.capability");
  });
  return 0;
}

struct Times {
  const struct timespec* values;

  // Both now, which whoever may write may say too.
  bool now() const {
    return values == nullptr || (values[0].tv_nsec == UTIME_NOW && values[1].tv_nsec == UTIME_NOW);
  }
};

long check_times(const struct stat& file, Times times) {
  const long error = check_owner(file);
  return error == 0 || !times.now() ? error : check_access(file, kMayWrite);
}

long change_link_times(int directory, const char* path, Times times) {
  Entry entry;
  if (const long error = find_entry(directory, path, entry); error != 0) return error;
  if (const long error = check_writable(entry); error != 0) return error;
  struct stat file;
  if (const long error = stat_entry(entry, file); error != 0) return error;
  if (const long error = check_times(file, times); error != 0) return error;
  if (const long error = make_private(entry, file); error != 0) return error;
  note_change(entry);
  return sys(SYS_utimensat, entry.directory.get(), entry.name, times.values, AT_SYMLINK_NOFOLLOW);
}

long node_of_descriptor(int fd, Node& node) {
  node.fd.set(fd, false);
  return sys(SYS_fstat, fd, &node.file);
}

}  // namespace

long on_fchmod(Call& call) {
  Node node;
  if (const long error = node_of_descriptor(call.fd(0), node); error != 0) return error;
  return change_mode(node, call.word(1) & 07777);
}

long on_fchmodat(Call& call) {
  Node node;
  if (const long error = open_node(call.fd(0), call.path(1), 0, node); error != 0) return error;
  return change_mode(node, call.word(2) & 07777);
}

long on_fchmodat2(Call& call) {
  if ((call.flags(3) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  Node node;
  if (const long error = open_node(call.fd(0), call.path(1), call.flags(3), node); error != 0) return error;
  return change_mode(node, call.word(2) & 07777);
}

long on_fchown(Call& call) {
  Node node;
  if (const long error = node_of_descriptor(call.fd(0), node); error != 0) return error;
  return change_owner(node, call.word(1), call.word(2));
}

long on_fchownat(Call& call) {
  if ((call.flags(4) & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  Node node;
  if (const long error = open_node(call.fd(0), call.path(1), call.flags(4), node); error != 0) return error;
  return change_owner(node, call.word(2), call.word(3));
}

long on_utimensat(Call& call) {
  const Times times{.values = call.pointer<const struct timespec>(2)};
  const int flags = call.flags(3);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) return -EINVAL;
  const char* path = call.path(1);
  if ((flags & AT_SYMLINK_NOFOLLOW) != 0 && is_address(path) && *path != '\0' && !ends_with(path, "/")) {
    return change_link_times(call.fd(0), path, times);
  }
  Node node;
  const long found = path == nullptr ? node_of_descriptor(call.fd(0), node)
                                     : open_node(call.fd(0), path, flags & AT_EMPTY_PATH, node);
  if (found != 0) return found;
  if (const long error = check_times(node.file, times); error != 0) return error;
  if (const long error = prepare_change(node, true); error != 0) return error;
  const DescriptorPath link(node.fd.get());
  return sys(SYS_utimensat, AT_FDCWD, link.text, times.values, 0);
}

}  // namespace cooper::sandbox::stub
