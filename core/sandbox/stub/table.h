// The board's table: what inodes are to the step. Reading takes no lock; writing takes one that all
// processes of the step share, and that outlives a process that was killed while it held it.
#pragma once

#include <cstdint>
#include <sys/stat.h>

#include "sandbox/stub/abi.h"

namespace cooper::sandbox::stub {

// A copy of what is known; flags 0 where nothing is.
TableEntry look_up(std::uint64_t device, std::uint64_t inode);
inline TableEntry look_up(const struct stat& file) {
  return look_up(file.st_dev, file.st_ino);
}

// Holds the lock while it lives, if it is wanted. Signals are blocked already: only the trap handler gets
// here.
class TableLock {
 public:
  explicit TableLock(bool wanted = true);
  ~TableLock();
  TableLock(const TableLock&) = delete;
  TableLock& operator=(const TableLock&) = delete;

 private:
  bool held_;
};

// The rest needs the lock. nullptr: the table is full, which the board notes.
TableEntry* entry_for(std::uint64_t device, std::uint64_t inode);
inline TableEntry* entry_for(const struct stat& file) {
  return entry_for(file.st_dev, file.st_ino);
}
TableEntry* existing_entry(std::uint64_t device, std::uint64_t inode);
void free_entry(TableEntry& entry);

XattrRecord* xattr_records();
// Index + 1 of a record nobody uses; 0: none is left, which the board notes.
std::uint32_t take_xattr();
// Nobody may use the record any more.
void give_back_xattr(std::uint32_t index);
void free_xattrs(TableEntry& entry);

// Takes the lock, unless it is held: the inode has no name left, or is new; nothing is known of it.
void forget(const struct stat& file, bool locked = false);

// Takes the lock, and lets `change(TableEntry&)` say what is known of the inode from now on.
template <typename Change>
void update(const struct stat& file, Change change) {
  const TableLock lock;
  if (TableEntry* entry = entry_for(file)) change(*entry);
}

}  // namespace cooper::sandbox::stub
