// Access control lists (acl(5)): who else may do what with a file. A file system keeps them as the attributes
// system.posix_acl_access and, of directories, system.posix_acl_default, from which new files get theirs.
// Here they are records of the board, so that they name the users that the step knows. Format:
// linux/posix_acl_xattr.h, a version and then entries.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <sys/stat.h>

#include "sandbox/stub/abi.h"

namespace cooper::sandbox::stub {

bool is_acl(const char* attribute);

struct Acl {
  enum Tag : std::uint16_t { kOwner = 1, kUser = 2, kGroup = 4, kNamedGroup = 8, kMask = 16, kOther = 32 };
  struct Entry {
    std::uint16_t tag;
    std::uint16_t permissions;
    std::uint32_t id;  // of kUser and kNamedGroup
  };
  static constexpr std::size_t kMaxEntries = (sizeof XattrRecord::value - 4) / sizeof(Entry);

  // 0 or -EINVAL; -ENOSPC when there are more entries than a record holds.
  long parse(const void* value, std::size_t size);
  // Gives the attribute's size.
  std::size_t write(std::uint8_t (&value)[sizeof XattrRecord::value]) const;
  // Whether it says no more than a mode can.
  bool is_mode() const;
  // 0777 of the file that has it.
  unsigned mode() const;
  // What chmod makes of it.
  void set_mode(unsigned mode);
  // What a default list becomes of a new file that was asked for with `mode`.
  void restrict_to(unsigned mode);
  // 0 or -EACCES, for somebody who does not own the file. `has_group` tells whether they are in a group.
  template <typename HasGroup>
  long check(unsigned wanted, std::uint32_t uid, std::uint32_t gid_of_file, HasGroup has_group) const;

  Entry entries[kMaxEntries];
  int count = 0;

 private:
  Entry* find(Tag tag);
  const Entry* find(Tag tag) const { return const_cast<Acl*>(this)->find(tag); }
};

// The list of a file or directory; false: it has none. Takes the table's lock, unless it is held.
bool read_acl(const struct stat& file, bool of_new_files, Acl& acl, bool locked = false);

// setxattr() and removexattr() (size 0) of either attribute, by whoever may.
long set_acl(const struct stat& file, const char* attribute, const void* value, std::size_t size);

// These need the table's lock. Keeps the list that goes with a file's mode.
void set_acl_mode(TableEntry& entry, unsigned mode);
// Gives a new file what its directory has for it.
void put_acl(TableEntry& entry, const Acl& acl, bool of_new_files);

template <typename HasGroup>
long Acl::check(unsigned wanted, std::uint32_t uid, std::uint32_t gid_of_file, HasGroup has_group) const {
  const auto allows = [wanted](unsigned permissions) { return (wanted & ~permissions) == 0; };
  const Entry* mask = find(kMask);
  const unsigned limit = mask == nullptr ? 7U : mask->permissions;
  bool is_member = false;
  for (int i = 0; i < count; ++i) {
    const Entry& entry = entries[i];
    if (entry.tag == kUser && entry.id == uid) return allows(entry.permissions & limit) ? 0 : -EACCES;
    const bool group = entry.tag == kGroup || entry.tag == kNamedGroup;
    if (!group || !has_group(entry.tag == kGroup ? gid_of_file : entry.id)) continue;
    is_member = true;
    if (allows(entry.permissions)) return allows(entry.permissions & limit) ? 0 : -EACCES;
  }
  if (is_member) return -EACCES;
  const Entry* other = find(kOther);
  return other != nullptr && allows(other->permissions) ? 0 : -EACCES;
}

}  // namespace cooper::sandbox::stub
