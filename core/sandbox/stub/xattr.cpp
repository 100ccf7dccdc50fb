#include "sandbox/stub/xattr.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/xattr.h>

#include "sandbox/stub/acl.h"
#include "sandbox/stub/changes.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/table.h"

namespace cooper::sandbox::stub {
namespace {

// The three forms of each call differ in how they name the file.
long node_of(Call& call, Node& node) {
  switch (call.number) {
    case SYS_fsetxattr:
    case SYS_fgetxattr:
    case SYS_flistxattr:
    case SYS_fremovexattr:
      return open_node(call.fd(0), "", AT_EMPTY_PATH, node);
    case SYS_lsetxattr:
    case SYS_lgetxattr:
    case SYS_llistxattr:
    case SYS_lremovexattr:
      return open_node(AT_FDCWD, call.path(0), AT_SYMLINK_NOFOLLOW, node);
    default:
      return open_node(AT_FDCWD, call.path(0), 0, node);
  }
}

enum class Kind { kDisk, kTable, kAcl, kNone };

Kind kind_of(const char* name, const struct stat& file) {
  if (!table_owners() || file.st_uid != board().host_uid || starts_with(name, "user.")) return Kind::kDisk;
  if (starts_with(name, "security.") || starts_with(name, "trusted.")) return Kind::kTable;
  return is_acl(name) ? Kind::kAcl : Kind::kNone;
}

bool may_set(const char* name) {
  return has_capability(equal(name, "security.capability") ? CAP_SETFCAP : CAP_SYS_ADMIN);
}

// Only files and directories have attributes of users; a device is a file only on disk.
bool may_have_attributes(const struct stat& file) {
  struct stat shown = file;
  show(shown);
  return S_ISREG(shown.st_mode) || S_ISDIR(shown.st_mode);
}

long check_attribute_change(const struct stat& file) {
  if (!may_have_attributes(file)) return -EPERM;
  struct stat shown = file;
  show(shown);
  // In a directory like /tmp everybody may write, but only its owner may say things about it.
  if (S_ISDIR(shown.st_mode) && (shown.st_mode & S_ISVTX) != 0 && check_owner(file) != 0) return -EPERM;
  return check_access(file, kMayWrite);
}

// The kernel's own calls on what a node is.
long on_disk(Call& call, const Node& node) {
  const DescriptorPath path(node.fd.get());
  long number = call.number;
  if (number == SYS_fsetxattr || number == SYS_lsetxattr) number = SYS_setxattr;
  if (number == SYS_fgetxattr || number == SYS_lgetxattr) number = SYS_getxattr;
  if (number == SYS_flistxattr || number == SYS_llistxattr) number = SYS_listxattr;
  if (number == SYS_fremovexattr || number == SYS_lremovexattr) number = SYS_removexattr;
  return sys(number, path.text, call.arguments[1], call.arguments[2], call.arguments[3], call.arguments[4]);
}

long set_record(const struct stat& file, const char* name, const void* value, std::size_t size, int flags) {
  if (strlen(name) >= sizeof XattrRecord::name || size > sizeof XattrRecord::value) return -ENOSPC;
  const TableLock lock;
  TableEntry* entry = entry_for(file);
  if (entry == nullptr) return -ENOSPC;
  const XattrRecord* record = find_record(*entry, name);
  if (record != nullptr && (flags & XATTR_CREATE) != 0) return -EEXIST;
  if (record == nullptr && (flags & XATTR_REPLACE) != 0) return -ENODATA;
  return put_record(*entry, name, value, size) ? 0 : -ENOSPC;
}

long get_record(const struct stat& file, const char* name, void* value, std::size_t size) {
  std::uint8_t known[sizeof XattrRecord::value];
  const long length = read_record(file, name, known);
  if (length < 0) return -ENODATA;
  if (size == 0) return length;
  if (static_cast<long>(size) < length) return -ERANGE;
  if (length != 0 && !is_address(value)) return -EFAULT;
  memcpy(value, known, static_cast<std::size_t>(length));
  return length;
}

// What says which record of the entry has the name, or, being 0, that none has.
std::uint32_t* link_to(TableEntry& entry, const char* name) {
  std::uint32_t* link = &entry.first_xattr;
  while (*link != 0 && !equal(xattr_records()[*link - 1].name, name)) link = &xattr_records()[*link - 1].next;
  return link;
}

// Behind what the disk lists.
long list_records(const struct stat& file, char* names, std::size_t size, long used) {
  if (look_up(file).first_xattr == 0) return used;
  const TableLock lock;
  const TableEntry* entry = existing_entry(file.st_dev, file.st_ino);
  std::uint32_t index = entry == nullptr ? 0 : entry->first_xattr;
  for (; index != 0; index = xattr_records()[index - 1].next) {
    const char* name = xattr_records()[index - 1].name;
    if (starts_with(name, "trusted.") && !may_set(name)) continue;
    const auto length = static_cast<long>(strlen(name)) + 1;
    if (size != 0 && used + length > static_cast<long>(size)) return -ERANGE;
    if (size != 0) memcpy(names + used, name, static_cast<std::size_t>(length));
    used += length;
  }
  return used;
}

}  // namespace

XattrRecord* find_record(const TableEntry& entry, const char* name) {
  XattrRecord* records = xattr_records();
  for (std::uint32_t index = entry.first_xattr; index != 0; index = records[index - 1].next) {
    if (equal(records[index - 1].name, name)) return &records[index - 1];
  }
  return nullptr;
}

bool remove_record(TableEntry& entry, const char* name) {
  std::uint32_t* link = link_to(entry, name);
  const std::uint32_t index = *link;
  if (index == 0) return false;
  *link = xattr_records()[index - 1].next;
  give_back_xattr(index);
  return true;
}

// Whole before it is found: the process may be killed at any point.
bool put_record(TableEntry& entry, const char* name, const void* value, std::size_t size) {
  const std::uint32_t index = take_xattr();
  if (index == 0) return false;
  XattrRecord& record = xattr_records()[index - 1];
  Writer(record.name, sizeof record.name).add(name);
  memcpy(record.value, value, size);
  record.length = static_cast<std::uint32_t>(size);
  std::uint32_t* link = link_to(entry, name);
  const std::uint32_t old = *link;
  record.next = old == 0 ? 0 : xattr_records()[old - 1].next;
  __atomic_store_n(link, index, __ATOMIC_RELEASE);
  if (old != 0) give_back_xattr(old);
  return true;
}

long read_record(const struct stat& file, const char* name,
                 std::uint8_t (&value)[sizeof XattrRecord::value]) {
  if (look_up(file).first_xattr == 0) return -1;
  const TableLock lock;
  const TableEntry* entry = existing_entry(file.st_dev, file.st_ino);
  const XattrRecord* record = entry == nullptr ? nullptr : find_record(*entry, name);
  if (record == nullptr) return -1;
  memcpy(value, record->value, record->length);
  return record->length;
}

long on_setxattr(Call& call) {
  const char* name = call.path(1);
  const auto* value = call.pointer<const void>(2);
  if (!is_address(name) || (call.size(3) != 0 && !is_address(value))) return -EFAULT;
  Node node;
  if (const long error = node_of(call, node); error != 0) return error;
  const Kind kind = kind_of(name, node.file);
  if (kind == Kind::kNone) return -EOPNOTSUPP;
  if (kind == Kind::kTable && !may_set(name)) return -EPERM;
  if (kind == Kind::kDisk) {
    if (const long error = check_attribute_change(node.file); error != 0) return error;
  }
  if (const long error = prepare_change(node, kind == Kind::kDisk); error != 0) return error;
  if (kind == Kind::kDisk) return on_disk(call, node);
  if (kind == Kind::kAcl) return set_acl(node.file, name, value, call.size(3));
  return set_record(node.file, name, value, call.size(3), call.flags(4));
}

long on_getxattr(Call& call) {
  const char* name = call.path(1);
  if (!is_address(name)) return -EFAULT;
  Node node;
  if (const long error = node_of(call, node); error != 0) return error;
  const Kind kind = kind_of(name, node.file);
  if (kind == Kind::kDisk) {
    if (!may_have_attributes(node.file)) return -ENODATA;
    const long error = check_access(node.file, kMayRead);
    return error != 0 ? error : on_disk(call, node);
  }
  if (kind == Kind::kNone || (kind == Kind::kAcl && S_ISLNK(node.file.st_mode))) return -EOPNOTSUPP;
  if (starts_with(name, "trusted.") && !may_set(name)) return -ENODATA;
  return get_record(node.file, name, call.pointer<void>(2), call.size(3));
}

long on_listxattr(Call& call) {
  Node node;
  if (const long error = node_of(call, node); error != 0) return error;
  long used = may_have_attributes(node.file) ? on_disk(call, node) : 0;
  if (used == -EOPNOTSUPP) used = 0;
  if (used < 0) return used;
  return list_records(node.file, call.pointer<char>(1), call.size(2), used);
}

long on_removexattr(Call& call) {
  const char* name = call.path(1);
  if (!is_address(name)) return -EFAULT;
  Node node;
  if (const long error = node_of(call, node); error != 0) return error;
  const Kind kind = kind_of(name, node.file);
  if (kind == Kind::kNone) return -EOPNOTSUPP;
  if (kind == Kind::kTable && !may_set(name)) return -EPERM;
  if (kind == Kind::kDisk) {
    if (const long error = check_attribute_change(node.file); error != 0) return error;
  }
  if (const long error = prepare_change(node, kind == Kind::kDisk); error != 0) return error;
  if (kind == Kind::kDisk) return on_disk(call, node);
  if (kind == Kind::kAcl) return set_acl(node.file, name, nullptr, 0);
  const TableLock lock;
  TableEntry* entry = existing_entry(node.file.st_dev, node.file.st_ino);
  return entry != nullptr && remove_record(*entry, name) ? 0 : -ENODATA;
}

}  // namespace cooper::sandbox::stub
