#include "sandbox/stub/table.h"

#include <fcntl.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/slots.h"
#include "sandbox/stub/text.h"

namespace cooper::sandbox::stub {
namespace {

TableEntry* entries() {
  return at_address<TableEntry>(kBoardAddress + board().table_offset);
}

std::uint64_t inode_of(const TableEntry& entry) {
  return __atomic_load_n(&entry.inode, __ATOMIC_ACQUIRE);
}

// A slot that was given back: no longer anybody's, but others were put behind it.
bool is_free(const TableEntry& entry) {
  return entry.flags == 0 && entry.first_xattr == 0;
}

TableEntry* find(std::uint64_t device, std::uint64_t inode) {
  const std::uint64_t capacity = board().capacity;
  std::uint64_t slot = first_slot(device, inode, capacity);
  for (std::uint64_t tried = 0; tried < capacity; ++tried, slot = (slot + 1) & (capacity - 1)) {
    TableEntry& entry = entries()[slot];
    const std::uint64_t found = inode_of(entry);
    if (found == 0) return nullptr;
    if (found == inode && entry.device == device) return &entry;
  }
  return nullptr;
}

// Whether a thread has ended, though it may not have been waited for.
bool is_dead(std::uint32_t thread) {
  char path[40];
  Writer(path, sizeof path).add("/proc/").number(thread).add("/stat");
  const Descriptor file(sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return file.get() == -ENOENT;
  char text[256];
  const long size = sys(SYS_read, file.get(), text, sizeof text - 1);
  if (size <= 0) return size == -ESRCH;
  text[size] = '\0';
  // "PID (NAME) STATE": the name may hold anything, brackets too, but the state follows the last one.
  const char* state = nullptr;
  for (const char* at = text; *at != '\0'; ++at) {
    if (*at == ')' && at[1] == ' ') state = at + 2;
  }
  return state != nullptr && (*state == 'Z' || *state == 'X');
}

}  // namespace

TableEntry look_up(std::uint64_t device, std::uint64_t inode) {
  if (board().used != 0) {
    const TableEntry* entry = find(device, inode);
    if (entry != nullptr) {
      const TableEntry copy = *entry;
      // Somebody may have given the slot to another inode meanwhile.
      if (inode_of(*entry) == inode && copy.device == device) return copy;
    }
  }
  return TableEntry{};
}

TableLock::TableLock(bool wanted) : held_(wanted) {
  if (!wanted) return;
  const auto thread = static_cast<std::uint32_t>(sys(SYS_gettid));
  constexpr unsigned kPatience = 2000;
  for (unsigned tries = 0;; ++tries) {
    std::uint32_t holder = 0;
    if (__atomic_compare_exchange_n(&board().lock, &holder, thread, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      return;
    }
    sys(SYS_sched_yield);
    // Its number may have become ours since it died.
    if (holder != thread && (tries % kPatience != kPatience - 1 || !is_dead(holder))) continue;
    if (__atomic_compare_exchange_n(&board().lock, &holder, thread, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      return;
    }
  }
}

TableLock::~TableLock() {
  if (held_) __atomic_store_n(&board().lock, 0U, __ATOMIC_RELEASE);
}

TableEntry* existing_entry(std::uint64_t device, std::uint64_t inode) {
  return find(device, inode);
}

TableEntry* entry_for(std::uint64_t device, std::uint64_t inode) {
  if (TableEntry* found = find(device, inode)) return found;
  const std::uint64_t capacity = board().capacity;
  std::uint64_t slot = first_slot(device, inode, capacity);
  for (std::uint64_t tried = 0; tried < capacity; ++tried, slot = (slot + 1) & (capacity - 1)) {
    TableEntry& entry = entries()[slot];
    const bool unused = inode_of(entry) == 0;
    if (!unused && !is_free(entry)) continue;
    // A lookup that never ends would be worse than a step that fails.
    if (unused && board().used >= capacity / 4 * 3) break;
    if (unused) __atomic_fetch_add(&board().used, 1U, __ATOMIC_RELAXED);
    entry.device = device;
    entry.uid = entry.gid = entry.mode = entry.links = 0;
    entry.rdev = 0;
    __atomic_store_n(&entry.inode, inode, __ATOMIC_RELEASE);
    return &entry;
  }
  board().table_full = 1;
  return nullptr;
}

void free_entry(TableEntry& entry) {
  free_xattrs(entry);
  entry.flags = 0;
}

XattrRecord* xattr_records() {
  return at_address<XattrRecord>(kBoardAddress + board().xattr_offset);
}

std::uint32_t take_xattr() {
  if (board().first_free_xattr != 0) {
    const std::uint32_t index = board().first_free_xattr;
    board().first_free_xattr = xattr_records()[index - 1].next;
    return index;
  }
  if (board().xattrs_used >= board().xattr_capacity) {
    board().table_full = 1;
    return 0;
  }
  return ++board().xattrs_used;
}

void give_back_xattr(std::uint32_t index) {
  xattr_records()[index - 1].next = board().first_free_xattr;
  board().first_free_xattr = index;
}

void free_xattrs(TableEntry& entry) {
  std::uint32_t index = entry.first_xattr;
  entry.first_xattr = 0;
  while (index != 0) {
    const std::uint32_t next = xattr_records()[index - 1].next;
    give_back_xattr(index);
    index = next;
  }
}

void forget(const struct stat& file, bool locked) {
  if (board().used == 0 || find(file.st_dev, file.st_ino) == nullptr) return;
  const TableLock lock(!locked);
  if (TableEntry* entry = find(file.st_dev, file.st_ino)) free_entry(*entry);
}

}  // namespace cooper::sandbox::stub
