#include "sandbox/stub/creation.h"

#include <fcntl.h>

#include "sandbox/stub/acl.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/table.h"

namespace cooper::sandbox::stub {

long check_creation(const Entry& entry, struct stat& parent) {
  if (const long error = check_writable(entry); error != 0) return error;
  if (!table_owners()) return 0;
  const long error = sys(SYS_newfstatat, entry.directory.get(), ".", &parent, 0);
  if (error != 0) return error;
  const struct stat raw = parent;
  show(parent);
  return is_restricted() ? check_settled(raw, parent, kMayWrite | kMayExecute, false) : 0;
}

Making::Making()
    : locked(table_owners() &&
             (identity().credentials.uid.file_system != 0 || identity().credentials.gid.file_system != 0)),
      lock(locked) {}

void stamp(const Making& making, int fd, const char* name, unsigned mode, const struct stat& parent,
           bool directory) {
  if (!table_owners()) return;
  struct stat file;
  const int flags = AT_SYMLINK_NOFOLLOW | (name[0] == '\0' ? AT_EMPTY_PATH : 0);
  if (sys(SYS_newfstatat, fd, name, &file, flags) != 0) return;
  // The disk had more asked of it than the step did: what of that came through says what the umask is.
  const unsigned always = directory ? 0700 : 0600;
  const unsigned disk = file.st_mode & 0777;
  unsigned wanted = S_ISLNK(file.st_mode) ? 0777 : (disk & (mode | ~always)) | (mode & 07000);
  if (!S_ISLNK(file.st_mode) && (disk & always) != always) {
    if (name[0] == '\0') {
      sys(SYS_fchmod, fd, disk | always);
    } else {
      sys(SYS_fchmodat, fd, name, disk | always);
    }
    file.st_mode |= always;
  }
  Acl acl;
  Acl of_new_files;
  const bool listed = !S_ISLNK(file.st_mode) && read_acl(parent, true, of_new_files, making.locked);
  if (listed) {
    // Instead of the umask.
    acl = of_new_files;
    acl.restrict_to(mode);
    wanted = (mode & 07000) | acl.mode();
  }
  const Credentials& who = identity().credentials;
  const bool inherits = (parent.st_mode & S_ISGID) != 0;
  const std::uint32_t gid = inherits ? parent.st_gid : who.gid.file_system;
  if (inherits && directory) wanted |= S_ISGID;
  if (inherits && !directory && (wanted & (S_ISGID | 010)) == (S_ISGID | 010) && !in_group(gid) &&
      who.uid.file_system != 0) {
    wanted &= ~static_cast<unsigned>(S_ISGID);
  }
  const unsigned type = file.st_mode & S_IFMT;
  const bool plain_mode = S_ISLNK(file.st_mode) || (file.st_mode & 07777) == wanted;
  const bool plain_owner = who.uid.file_system == 0 && gid == 0;
  if (plain_mode && plain_owner && !listed) {
    forget(file, making.locked);
    return;
  }
  const TableLock lock(!making.locked);
  TableEntry* entry = entry_for(file);
  if (entry == nullptr) return;
  free_xattrs(*entry);
  entry->uid = who.uid.file_system;
  entry->gid = gid;
  entry->mode = type | wanted;
  entry->flags = TableEntry::kOwned | (plain_mode ? 0U : static_cast<unsigned>(TableEntry::kMode));
  if (listed && !acl.is_mode()) put_acl(*entry, acl, false);
  if (listed && directory) put_acl(*entry, of_new_files, true);
}

}  // namespace cooper::sandbox::stub
