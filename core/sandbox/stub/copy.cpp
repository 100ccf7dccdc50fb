#include "sandbox/stub/copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/mman.h>

#include "sandbox/stub/calls.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/scratch.h"
#include "sandbox/stub/table.h"

namespace cooper::sandbox::stub {
namespace {

// By hand, where neither the file system nor the kernel copies.
long copy_through_memory(int from, int to) {
  PathBuffer buffer;
  for (;;) {
    const long size = sys(SYS_read, from, buffer.get(), kPathSize);
    if (size <= 0) return size;
    for (long done = 0; done < size;) {
      const long written = sys(SYS_write, to, buffer + done, size - done);
      if (written < 0) return written;
      done += written;
    }
  }
}

long copy_content(int from, int to, long size) {
  if (size == 0 || sys(SYS_ioctl, to, FICLONE, from) == 0) return 0;
  constexpr std::size_t kChunk = 1U << 30;
  long total = 0;
  for (;;) {
    const long copied = sys(SYS_copy_file_range, from, nullptr, to, nullptr, kChunk, 0);
    if (copied < 0 && total == 0) return copy_through_memory(from, to);
    if (copied <= 0) return copied;
    total += copied;
  }
}

// All that the disk holds: where that fails, the file system does not keep such attributes.
void copy_attributes(int from, int to) {
  PathBuffer names;
  const long size = sys(SYS_flistxattr, from, names.get(), kPathSize);
  PathBuffer value;
  for (const char* name = names; name < names + (size > 0 ? size : 0); name += strlen(name) + 1) {
    const long length = sys(SYS_fgetxattr, from, name, value.get(), kPathSize);
    if (length >= 0) sys(SYS_fsetxattr, to, name, value.get(), length, 0);
  }
}

void set_times(int directory, const char* name, const struct stat& file) {
  const struct timespec times[] = {file.st_atim, file.st_mtim};
  if (name != nullptr) {
    sys(SYS_utimensat, directory, name, times, AT_SYMLINK_NOFOLLOW);
  } else {
    sys(SYS_utimensat, directory, nullptr, times, 0);
  }
}

void copy_xattrs(const TableEntry& from, TableEntry& to) {
  XattrRecord* records = xattr_records();
  for (std::uint32_t index = from.first_xattr; index != 0; index = records[index - 1].next) {
    const std::uint32_t copy = take_xattr();
    if (copy == 0) return;
    records[copy - 1] = records[index - 1];
    records[copy - 1].next = to.first_xattr;
    to.first_xattr = copy;
  }
}

// Before the copy gets the name: it is never seen without its owner.
void copy_entry(const struct stat& file, int directory, const char* copy) {
  const TableEntry known = look_up(file);
  struct stat to;
  if (sys(SYS_newfstatat, directory, copy, &to, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (known.flags == 0 && known.first_xattr == 0) return forget(to);
  const TableLock lock;
  const TableEntry* from = existing_entry(file.st_dev, file.st_ino);
  TableEntry* entry = entry_for(to);
  if (from == nullptr || entry == nullptr) return;
  free_xattrs(*entry);
  entry->uid = from->uid;
  entry->gid = from->gid;
  entry->mode = from->mode;
  entry->rdev = from->rdev;
  entry->flags = from->flags & ~(TableEntry::kLinks | TableEntry::kPrivate);
  copy_xattrs(*from, *entry);
}

// A name that nobody else makes: it carries the thread's number.
void hidden_name(char* name, std::size_t size) {
  Writer(name, size).add(".cooper-copy-").number(static_cast<std::uint64_t>(sys(SYS_gettid)));
}

long copy_file(int directory, const char* name, const char* copy, const struct stat& file) {
  const Descriptor from(sys(SYS_openat, directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (from.get() < 0) return from.get();
  // Without a name until it is whole, where the file system can: nothing is left of a process that is killed.
  Descriptor to(sys(SYS_openat, directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  const bool unnamed = to.get() >= 0;
  if (!unnamed) to.set(sys(SYS_openat, directory, copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), true);
  if (to.get() < 0) return to.get();
  if (const long error = copy_content(from.get(), to.get(), file.st_size); error != 0) return error;
  copy_attributes(from.get(), to.get());
  // In this order: chown takes set-id bits away.
  if (!table_owners()) sys(SYS_fchown, to.get(), file.st_uid, file.st_gid);
  // Ours to write to, whatever it was: an older store has files that are not.
  const unsigned ours = table_owners() ? 0600U : 0U;
  sys(SYS_fchmod, to.get(), (file.st_mode & 07777) | ours);
  set_times(to.get(), nullptr, file);
  if (!unnamed) return 0;
  const DescriptorPath link(to.get());
  return sys(SYS_linkat, AT_FDCWD, link.text, directory, copy, AT_SYMLINK_FOLLOW);
}

long copy_symlink(int directory, const char* name, const char* copy, const struct stat& file) {
  PathBuffer target;
  const long size = sys(SYS_readlinkat, directory, name, target.get(), kPathSize - 1);
  if (size < 0) return size;
  target[size] = '\0';
  if (const long error = sys(SYS_symlinkat, target.get(), directory, copy); error != 0) return error;
  if (!table_owners()) {
    sys(SYS_fchownat, directory, copy, file.st_uid, file.st_gid, AT_SYMLINK_NOFOLLOW);
  }
  set_times(directory, copy, file);
  return 0;
}

}  // namespace

long replace_by_copy(int directory, const char* name, const struct stat& file) {
  struct stat parent;
  if (const long error = sys(SYS_newfstatat, directory, ".", &parent, 0); error != 0) return error;
  char copy[40];
  hidden_name(copy, sizeof copy);
  long error = S_ISLNK(file.st_mode) ? copy_symlink(directory, name, copy, file)
                                     : copy_file(directory, name, copy, file);
  if (error == 0) {
    copy_entry(file, directory, copy);
    error = sys(SYS_renameat, directory, copy, directory, name);
  }
  if (error != 0) sys(SYS_unlinkat, directory, copy, 0);
  set_times(directory, ".", parent);
  return error;
}

}  // namespace cooper::sandbox::stub
