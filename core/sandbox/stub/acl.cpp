#include "sandbox/stub/acl.h"

#include <linux/capability.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/table.h"
#include "sandbox/stub/text.h"
#include "sandbox/stub/xattr.h"

namespace cooper::sandbox::stub {
namespace {

constexpr char kAccess[] = "system.posix_acl_access";
constexpr char kDefault[] = "system.posix_acl_default";
constexpr std::uint32_t kVersion = 2;
constexpr std::uint32_t kNobody = ~0U;

const char* attribute_name(bool of_new_files) {
  return of_new_files ? kDefault : kAccess;
}

bool has_id(const Acl::Entry& entry) {
  return entry.tag == Acl::kUser || entry.tag == Acl::kNamedGroup;
}

// Those without an id once each, those with one between them, and a mask where there are any.
bool is_valid(const Acl& acl) {
  constexpr std::uint16_t kOrder[] = {Acl::kOwner,      Acl::kUser, Acl::kGroup,
                                      Acl::kNamedGroup, Acl::kMask, Acl::kOther};
  constexpr int kKinds = 6;
  int counts[kKinds] = {};
  int kind = 0;
  for (int i = 0; i < acl.count; ++i) {
    const Acl::Entry& entry = acl.entries[i];
    while (kind < kKinds && kOrder[kind] != entry.tag) ++kind;
    if (kind == kKinds || (entry.permissions & ~7U) != 0) return false;
    if (has_id(entry) && entry.id == kNobody) return false;
    if (++counts[kind] > 1 && !has_id(entry)) return false;
  }
  const bool named = counts[1] + counts[3] != 0;
  return counts[0] == 1 && counts[2] == 1 && counts[5] == 1 && (!named || counts[4] == 1);
}

unsigned limited(unsigned permissions, unsigned by) {
  return permissions & by & 7;
}

}  // namespace

bool is_acl(const char* attribute) {
  return equal(attribute, kAccess) || equal(attribute, kDefault);
}

long Acl::parse(const void* value, std::size_t size) {
  std::uint32_t version = 0;
  if (size < sizeof version || (size - sizeof version) % sizeof(Entry) != 0) return -EINVAL;
  memcpy(&version, value, sizeof version);
  if (version != kVersion) return -EOPNOTSUPP;
  const std::size_t entry_count = (size - sizeof version) / sizeof(Entry);
  if (entry_count > kMaxEntries) return -ENOSPC;
  count = static_cast<int>(entry_count);
  memcpy(entries, static_cast<const char*>(value) + sizeof version, size - sizeof version);
  for (int i = 0; i < count; ++i) {
    if (!has_id(entries[i])) entries[i].id = kNobody;
  }
  return is_valid(*this) ? 0 : -EINVAL;
}

std::size_t Acl::write(std::uint8_t (&value)[sizeof XattrRecord::value]) const {
  const std::size_t size = static_cast<std::size_t>(count) * sizeof(Entry);
  memcpy(value, &kVersion, sizeof kVersion);
  memcpy(value + sizeof kVersion, entries, size);
  return sizeof kVersion + size;
}

Acl::Entry* Acl::find(Tag tag) {
  for (int i = 0; i < count; ++i) {
    if (entries[i].tag == tag) return &entries[i];
  }
  return nullptr;
}

bool Acl::is_mode() const {
  return count == 3 && find(kMask) == nullptr;
}

unsigned Acl::mode() const {
  const Entry* group = find(kMask);
  if (group == nullptr) group = find(kGroup);
  return find(kOwner)->permissions << 6U | group->permissions << 3U | find(kOther)->permissions;
}

void Acl::set_mode(unsigned mode) {
  Entry* group = find(kMask);
  if (group == nullptr) group = find(kGroup);
  find(kOwner)->permissions = static_cast<std::uint16_t>(mode >> 6 & 7);
  group->permissions = static_cast<std::uint16_t>(mode >> 3 & 7);
  find(kOther)->permissions = static_cast<std::uint16_t>(mode & 7);
}

void Acl::restrict_to(unsigned mode) {
  const unsigned own = this->mode();
  set_mode(limited(own >> 6, mode >> 6) << 6 | limited(own >> 3, mode >> 3) << 3 | limited(own, mode));
}

bool read_acl(const struct stat& file, bool of_new_files, Acl& acl, bool locked) {
  if (board().acls == 0 || look_up(file).first_xattr == 0) return false;
  const TableLock lock(!locked);
  const TableEntry* entry = existing_entry(file.st_dev, file.st_ino);
  const XattrRecord* record = entry == nullptr ? nullptr : find_record(*entry, attribute_name(of_new_files));
  return record != nullptr && acl.parse(record->value, record->length) == 0;
}

void put_acl(TableEntry& entry, const Acl& acl, bool of_new_files) {
  std::uint8_t value[sizeof XattrRecord::value];
  const std::size_t size = acl.write(value);
  put_record(entry, attribute_name(of_new_files), value, size);
  __atomic_store_n(&board().acls, 1U, __ATOMIC_RELAXED);
}

void set_acl_mode(TableEntry& entry, unsigned mode) {
  const XattrRecord* record = board().acls == 0 ? nullptr : find_record(entry, kAccess);
  Acl acl;
  if (record == nullptr || acl.parse(record->value, record->length) != 0) return;
  acl.set_mode(mode);
  put_acl(entry, acl, false);
}

long set_acl(const struct stat& file, const char* attribute, const void* value, std::size_t size) {
  if (S_ISLNK(file.st_mode)) return -EOPNOTSUPP;
  Acl acl;
  if (size != 0) {
    if (const long error = acl.parse(value, size); error != 0) return error;
  }
  const bool of_new_files = equal(attribute, kDefault);
  if (of_new_files && !S_ISDIR(file.st_mode)) return size != 0 ? -EACCES : 0;
  if (const long error = check_owner(file); error != 0) return error;
  struct stat shown = file;
  show(shown);
  const TableLock lock;
  TableEntry* entry = entry_for(file);
  if (entry == nullptr) return -ENOSPC;
  if (size == 0) {
    remove_record(*entry, attribute);
    return 0;
  }
  if (of_new_files || !acl.is_mode()) {
    put_acl(*entry, acl, of_new_files);
  } else {
    remove_record(*entry, attribute);
  }
  if (of_new_files) return 0;
  unsigned mode = (shown.st_mode & ~0777U) | acl.mode();
  if (!has_capability(CAP_FSETID) && !in_group(shown.st_gid)) mode &= ~static_cast<unsigned>(S_ISGID);
  entry->mode = mode;
  entry->flags |= TableEntry::kMode;
  return 0;
}

}  // namespace cooper::sandbox::stub
