#include "sandbox/stub/changes.h"

#include <fcntl.h>

#include "sandbox/stub/copy.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/table.h"

namespace cooper::sandbox::stub {
namespace {

void write_record(ChangeKind kind, const char* path, const char* name) {
  while (*path == '/') ++path;
  PathBuffer record;
  Writer text(record, kPathSize);
  text.add(static_cast<char>(kind)).add(path);
  if (name[0] != '\0') {
    if (*path != '\0') text.add("/");
    text.add(name);
  }
  sys(SYS_write, kChangesFd, record.get(), text.length() + 1);
}

// A name that had the file has a copy of it now.
void leave_entry(const struct stat& file) {
  const TableEntry known = look_up(file);
  if (known.flags == 0 && known.first_xattr == 0) return;
  const TableLock lock;
  TableEntry* entry = existing_entry(file.st_dev, file.st_ino);
  if (entry == nullptr) return;
  // Another name of the tree may still have the old one.
  if ((entry->flags & TableEntry::kLinks) != 0 && entry->links > 1) {
    --entry->links;
  } else {
    free_entry(*entry);
  }
}

}  // namespace

void note_change(const Entry& entry, ChangeKind kind) {
  if (!entry.inside || entry.bind != nullptr) return;
  write_record(kind, entry.parent, entry.special ? "" : entry.name);
}

void note_change(const char* path) {
  const char* rest = nullptr;
  if (find_bind(path, rest) == nullptr) write_record(ChangeKind::kPath, path, "");
}

bool is_shared(const struct stat& file) {
  if (file.st_nlink < 2 || (!S_ISREG(file.st_mode) && !S_ISLNK(file.st_mode))) return false;
  return (look_up(file).flags & TableEntry::kPrivate) == 0;
}

long make_private(const Entry& entry, struct stat& file) {
  if (!entry.inside || entry.bind != nullptr || !is_shared(file)) return 0;
  const struct stat old = file;
  const long error = replace_by_copy(entry.directory.get(), entry.name, old);
  if (error != 0) return error;
  if (const long failed = stat_entry(entry, file); failed != 0) return failed;
  leave_entry(old);
  return 0;
}

namespace {

constexpr char kDeleted[] = " (deleted)";

// The name of a path of the root, whatever the process takes for its root, and what is there.
long open_name(const char* path, Entry& entry, struct stat& file) {
  const char* name = last_component(path);
  PathBuffer parent;
  Writer(parent, kPathSize).add(path + 1, static_cast<std::size_t>(name - path - 1));
  const char* directory = parent[0] == '\0' ? "." : parent.get();
  entry.directory.set(sys(SYS_openat, kRootFd, directory, O_PATH | O_DIRECTORY | O_CLOEXEC), true);
  if (entry.directory.get() < 0) return entry.directory.get();
  Writer(entry.name, sizeof entry.name).add(name);
  entry.inside = true;
  return stat_entry(entry, file);
}

// Whether the kernel's path of a file is one: that of a removed file only looks like it.
bool has_name(const char* path, const struct stat& file) {
  if (!ends_with(path, kDeleted)) return true;
  Entry entry;
  struct stat named;
  return open_name(path, entry, named) == 0 && named.st_ino == file.st_ino;
}

// Whether changing the inode could be seen in other trees: it has names, and not only here.
bool may_be_foreign(const struct stat& file, const char* path) {
  if (file.st_nlink == 0 || (!S_ISREG(file.st_mode) && !S_ISLNK(file.st_mode))) return false;
  if ((look_up(file).flags & TableEntry::kPrivate) != 0) return false;
  return file.st_nlink > 1 || ends_with(path, kDeleted);
}

}  // namespace

long prepare_change(Node& node, bool write) {
  PathBuffer path;
  if (tree_path(node.fd.get(), path) != 0) return 0;
  const char* rest = nullptr;
  if (const Bind* bind = find_bind(path, rest)) {
    return (bind->flags & Bind::kReadOnly) != 0 ? -EROFS : 0;
  }
  if (has_name(path, node.file)) note_change(path);
  if (!write || !may_be_foreign(node.file, path)) return 0;
  Entry entry;
  struct stat file;
  bool there = open_name(path, entry, file) == 0;
  if (!there && ends_with(path, kDeleted)) {
    // It was replaced by a copy since it was opened, or has lost its name here; others have it still.
    path[strlen(path) - strlen(kDeleted)] = '\0';
    there = open_name(path, entry, file) == 0;
  }
  if (!there || (file.st_mode & S_IFMT) != (node.file.st_mode & S_IFMT)) return -EPERM;
  if (const long error = make_private(entry, file); error != 0) return error;
  node.fd.set(sys(SYS_openat, entry.directory.get(), entry.name, O_PATH | O_NOFOLLOW | O_CLOEXEC), true);
  node.file = file;
  return node.fd.get() < 0 ? node.fd.get() : 0;
}

}  // namespace cooper::sandbox::stub
