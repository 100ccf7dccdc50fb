#include "sandbox/stub/permission.h"

#include <linux/capability.h>

#include "sandbox/stub/acl.h"
#include "sandbox/stub/calls.h"
#include "sandbox/stub/identity.h"

namespace cooper::sandbox::stub {
namespace {

// A farm's files are links to what other trees have too; the step knows nothing of those.
void show_links(struct stat& file, const TableEntry& entry) {
  if ((entry.flags & TableEntry::kLinks) != 0) {
    file.st_nlink = entry.links;
  } else if (S_ISREG(file.st_mode) && file.st_nlink > 1 && (entry.flags & TableEntry::kPrivate) == 0) {
    file.st_nlink = 1;
  }
}

}  // namespace

void show(struct stat& file) {
  const TableEntry entry = look_up(file);
  show_links(file, entry);
  if (!table_owners()) return;
  if ((entry.flags & TableEntry::kMode) != 0) file.st_mode = entry.mode;
  if ((entry.flags & TableEntry::kDevice) != 0) file.st_rdev = entry.rdev;
  if ((entry.flags & TableEntry::kOwned) != 0) {
    file.st_uid = entry.uid;
    file.st_gid = entry.gid;
    return;
  }
  if (file.st_uid == board().host_uid) file.st_uid = 0;
  if (file.st_gid == board().host_gid) file.st_gid = 0;
}

long check_shown(const struct stat& shown, unsigned wanted, bool real) {
  const Credentials& who = identity().credentials;
  const std::uint32_t uid = real ? who.uid.real : who.uid.file_system;
  const std::uint32_t gid = real ? who.gid.real : who.gid.file_system;
  const bool privileged = real ? uid == 0 : has_capability(CAP_DAC_OVERRIDE);
  if (privileged) {
    const bool executable = S_ISDIR(shown.st_mode) || (shown.st_mode & 0111) != 0;
    return (wanted & kMayExecute) != 0 && !executable ? -EACCES : 0;
  }
  const auto has_group = [gid](std::uint32_t wanted_gid) {
    return wanted_gid == gid || in_group(wanted_gid);
  };
  unsigned allowed = shown.st_mode & 7;
  Acl acl;
  if (shown.st_uid == uid) {
    allowed = shown.st_mode >> 6 & 7;
  } else if ((shown.st_mode & 070) != 0 && read_acl(shown, false, acl)) {
    return acl.check(wanted, uid, shown.st_gid, has_group);
  } else if (has_group(shown.st_gid)) {
    allowed = shown.st_mode >> 3 & 7;
  }
  return (wanted & ~allowed) == 0 ? 0 : -EACCES;
}

long check_access(const struct stat& raw, unsigned wanted) {
  if (!is_restricted()) return 0;
  // To the kernel /proc/self is this process's own, whoever it believes to be, and its links lead on from
  // there.
  if (raw.st_dev == board().proc_device) return 0;
  struct stat shown;
  return check_settled(raw, shown, wanted, false);
}

long check_settled(const struct stat& raw, struct stat& shown, unsigned wanted, bool real) {
  shown = raw;
  show(shown);
  const long error = check_shown(shown, wanted, real);
  if (error == 0 || look_up(raw).flags != 0) return error;
  { const TableLock wait; }
  shown = raw;
  show(shown);
  return check_shown(shown, wanted, real);
}

long check_owner(const struct stat& raw) {
  if (!table_owners() || has_capability(CAP_FOWNER)) return 0;
  struct stat shown = raw;
  show(shown);
  return shown.st_uid == identity().credentials.uid.file_system ? 0 : -EPERM;
}

long check_removal(const struct stat& directory, const struct stat& victim) {
  if (!is_restricted()) return 0;
  struct stat parent;
  if (const long error = check_settled(directory, parent, kMayWrite | kMayExecute, false); error != 0)
    return error;
  if ((parent.st_mode & S_ISVTX) == 0 || has_capability(CAP_FOWNER)) return 0;
  struct stat shown = victim;
  show(shown);
  const std::uint32_t uid = identity().credentials.uid.file_system;
  return shown.st_uid == uid || parent.st_uid == uid ? 0 : -EPERM;
}

}  // namespace cooper::sandbox::stub
