#include "sandbox/stub/capabilities.h"

#include <cerrno>
#include <linux/capability.h>

#include "sandbox/stub/text.h"
#include "sandbox/stub/xattr.h"

namespace cooper::sandbox::stub {
namespace {

// The file's attribute security.capability.
struct FileCapabilities {
  bool present = false;
  bool effective = false;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
};

FileCapabilities capabilities_of(const struct stat& program) {
  std::uint8_t value[sizeof XattrRecord::value];
  const long size = read_record(program, "security.capability", value);
  // The head, pairs of words, and in revision 3 the user who is root where it counts.
  std::uint32_t words[6] = {};
  if (size < static_cast<long>(sizeof words[0]) || size > static_cast<long>(sizeof words)) return {};
  memcpy(words, value, static_cast<std::size_t>(size));
  const std::uint32_t revision = words[0] & VFS_CAP_REVISION_MASK;
  const bool old = revision == VFS_CAP_REVISION_1 && size == XATTR_CAPS_SZ_1;
  const bool usual = revision == VFS_CAP_REVISION_2 && size == XATTR_CAPS_SZ_2;
  const bool of_namespace = revision == VFS_CAP_REVISION_3 && size == XATTR_CAPS_SZ_3 && words[5] == 0;
  if (!old && !usual && !of_namespace) return {};
  return {.present = true,
          .effective = (words[0] & VFS_CAP_FLAGS_EFFECTIVE) != 0,
          .permitted = words[1] | (old ? 0 : std::uint64_t{words[3]} << 32),
          .inheritable = words[2] | (old ? 0 : std::uint64_t{words[4]} << 32)};
}

}  // namespace

long transform(const struct stat& program, Handover& handover) {
  Credentials& who = handover.identity.credentials;
  who.keep_capabilities = 0;
  if (!table_owners()) return 0;
  if ((program.st_mode & S_ISUID) != 0) who.uid.effective = program.st_uid;
  if ((program.st_mode & (S_ISGID | 010)) == (S_ISGID | 010)) who.gid.effective = program.st_gid;
  who.uid.saved = who.uid.file_system = who.uid.effective;
  who.gid.saved = who.gid.file_system = who.gid.effective;
  const bool set_id = who.uid.effective != who.uid.real || who.gid.effective != who.gid.real;
  const FileCapabilities file = capabilities_of(program);
  std::uint64_t permitted = (file.permitted & who.bounding) | (file.inheritable & who.inheritable);
  bool effective = file.effective;
  if (file.effective && (file.permitted & ~permitted) != 0) return -EPERM;
  // A program that says what it needs gets no more for being set-user-id root.
  const bool root = who.uid.effective == 0 || who.uid.real == 0;
  if (root && !(file.present && who.uid.real != 0)) {
    permitted = who.bounding | who.inheritable;
    effective = effective || who.uid.effective == 0;
  }
  if (set_id || file.present) who.ambient = 0;
  who.permitted = permitted | who.ambient;
  who.effective = effective ? who.permitted : who.ambient;
  const bool gains = who.uid.real != 0 && (effective || (permitted & ~who.ambient) != 0);
  handover.secure = set_id || gains;
  return 0;
}

}  // namespace cooper::sandbox::stub
