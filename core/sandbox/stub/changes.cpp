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

void move_entry(const struct stat& from, const struct stat& to) {
  const TableEntry known = look_up(from);
  if (known.flags == 0 && known.first_xattr == 0) return;
  const TableLock lock;
  TableEntry* old = existing_entry(from.st_dev, from.st_ino);
  TableEntry* copy = entry_for(to);
  if (old == nullptr || copy == nullptr) return;
  copy->uid = old->uid;
  copy->gid = old->gid;
  copy->mode = old->mode;
  copy->rdev = old->rdev;
  copy->flags = old->flags & ~(TableEntry::kLinks | TableEntry::kPrivate);
  if ((old->flags & TableEntry::kLinks) != 0 && old->links > 1) {
    // Another name of the tree still has the old one.
    --old->links;
    copy_xattrs(*old, *copy);
    return;
  }
  copy->first_xattr = old->first_xattr;
  old->first_xattr = 0;
  old->flags = 0;
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
  move_entry(old, file);
  return 0;
}

long prepare_change(Node& node, bool write) {
  PathBuffer path;
  if (tree_path(node.fd.get(), path) != 0) return 0;
  const char* rest = nullptr;
  if (const Bind* bind = find_bind(path, rest)) {
    return (bind->flags & Bind::kReadOnly) != 0 ? -EROFS : 0;
  }
  note_change(path);
  if (!write || !is_shared(node.file)) return 0;
  Entry entry;
  // Its own place in the root, whatever the process takes for its root.
  const char* name = last_component(path);
  PathBuffer parent;
  Writer(parent, kPathSize).add(path + 1, static_cast<std::size_t>(name - path - 1));
  entry.directory.set(
      sys(SYS_openat, kRootFd, parent[0] == '\0' ? "." : parent.get(), O_PATH | O_DIRECTORY | O_CLOEXEC),
      true);
  if (entry.directory.get() < 0) return entry.directory.get();
  Writer(entry.name, sizeof entry.name).add(name);
  entry.inside = true;
  struct stat file;
  // It may have lost its name meanwhile: then nobody else will see what becomes of it here.
  if (stat_entry(entry, file) != 0 || file.st_ino != node.file.st_ino) return 0;
  if (const long error = make_private(entry, file); error != 0) return error;
  node.fd.set(sys(SYS_openat, entry.directory.get(), entry.name, O_PATH | O_NOFOLLOW | O_CLOEXEC), true);
  node.file = file;
  return node.fd.get() < 0 ? node.fd.get() : 0;
}

}  // namespace cooper::sandbox::stub
