// Asking about files.
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/sysmacros.h>

#include "sandbox/stub/descriptors.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/paths.h"
#include "sandbox/stub/permission.h"
#include "sandbox/stub/walk.h"

namespace cooper::sandbox::stub {
namespace {

// One name, not "..", so that asking the kernel directly cannot lead out of the directory.
bool is_one_name(const char* path) {
  if (path[0] == '\0' || is_dots(path)) return false;
  return find_char(path, '/') == nullptr;
}

// As the kernel says it.
long raw_stat(int directory, const char* path, int flags, struct stat& file) {
  if (path == nullptr && (flags & AT_EMPTY_PATH) != 0) path = "";
  if (!is_address(path)) return -EFAULT;
  if (path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0) {
    return is_reserved(directory) ? -EBADF : sys(SYS_newfstatat, directory, "", &file, AT_EMPTY_PATH);
  }
  if (is_one_name(path) && !is_restricted()) {
    const long error = sys(SYS_newfstatat, directory, path, &file, AT_SYMLINK_NOFOLLOW);
    if (error != 0 || !S_ISLNK(file.st_mode)) return error;
    if ((flags & AT_SYMLINK_NOFOLLOW) != 0 && placeholder_of(file.st_dev, file.st_ino) == nullptr) return 0;
  }
  Node node;
  const long error = open_node(directory, path, flags, node);
  if (error == 0) file = node.file;
  return error;
}

void to_statx(const struct stat& file, struct statx& out) {
  out.stx_uid = file.st_uid;
  out.stx_gid = file.st_gid;
  out.stx_mode = static_cast<std::uint16_t>(file.st_mode);
  out.stx_nlink = static_cast<std::uint32_t>(file.st_nlink);
  out.stx_rdev_major = major(file.st_rdev);
  out.stx_rdev_minor = minor(file.st_rdev);
}

struct stat from_statx(const struct statx& in) {
  struct stat file {};
  file.st_dev = makedev(in.stx_dev_major, in.stx_dev_minor);
  file.st_ino = in.stx_ino;
  file.st_uid = in.stx_uid;
  file.st_gid = in.stx_gid;
  file.st_mode = in.stx_mode;
  file.st_nlink = in.stx_nlink;
  file.st_rdev = makedev(in.stx_rdev_major, in.stx_rdev_minor);
  return file;
}

long check_path(int directory, const char* path, unsigned wanted, int flags) {
  if ((wanted & ~7U) != 0) return -EINVAL;
  Node node;
  if (const long error = open_node(directory, path, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), node);
      error != 0) {
    return error;
  }
  if (!table_owners()) {
    const DescriptorPath link(node.fd.get());
    return (flags & AT_EACCESS) != 0 ? sys(SYS_faccessat2, AT_FDCWD, link.text, wanted, AT_EACCESS)
                                     : sys(SYS_faccessat, AT_FDCWD, link.text, wanted);
  }
  // What is not ours, such as the files of /proc, only the kernel can judge.
  if ((wanted & kMayWrite) != 0) {
    PathBuffer path_text;
    const char* rest = nullptr;
    const Bind* bind = tree_path(node.fd.get(), path_text) == 0 ? find_bind(path_text, rest) : nullptr;
    if (bind != nullptr && (bind->flags & Bind::kReadOnly) != 0) return -EROFS;
    if (node.file.st_uid != board().host_uid) {
      const DescriptorPath link(node.fd.get());
      return sys(SYS_faccessat, AT_FDCWD, link.text, wanted & kMayWrite);
    }
  }
  struct stat shown;
  return check_settled(node.file, shown, wanted, (flags & AT_EACCESS) == 0);
}

// Copies what a link says to the step's buffer, which gets no NUL and what fits.
long give(const char* text, char* buffer, long size) {
  const auto length = static_cast<long>(strlen(text));
  const long given = length < size ? length : size;
  memcpy(buffer, text, static_cast<std::size_t>(given));
  return given;
}

// A link of /proc tells the kernel's view.
long give_magic(const char* path, char* link, char* buffer, long size) {
  const char* name = last_component(path);
  const char* at = path + (starts_with(path, "/proc/") ? 6 : 0);
  const std::uint64_t process = read_number(at);
  if (equal(name, "root") && link[0] == '/') return give("/", buffer, size);
  if (equal(name, "exe") && process != 0 && program_of(process, link) == 0) {
    from_tree(link);
    return give(link, buffer, size);
  }
  if (link[0] == '/' && to_tree(link)) from_tree(link);
  return give(link, buffer, size);
}

}  // namespace

long on_fstat(Call& call) {
  auto* file = call.pointer<struct stat>(1);
  if (is_reserved(call.fd(0))) return -EBADF;
  const long error = sys(SYS_fstat, call.fd(0), file);
  if (error == 0) show(*file);
  return error;
}

long on_newfstatat(Call& call) {
  auto* out = call.pointer<struct stat>(2);
  constexpr int kKnown = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
  if ((call.flags(3) & ~kKnown) != 0) return -EINVAL;
  struct stat file;
  const long error = raw_stat(call.fd(0), call.path(1), call.flags(3), file);
  if (error != 0) return error;
  show(file);
  if (!is_address(out)) return -EFAULT;
  *out = file;
  return 0;
}

long on_statx(Call& call) {
  const char* path = call.path(1);
  const int flags = call.flags(2);
  auto* out = call.pointer<struct statx>(4);
  const unsigned mask = call.word(3) | STATX_BASIC_STATS;
  if (!is_address(out)) return -EFAULT;
  Node node;
  if (const long error = open_node(call.fd(0), path, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), node);
      error != 0) {
    return error;
  }
  const long error =
      sys(SYS_statx, node.fd.get(), "", (flags & ~AT_SYMLINK_NOFOLLOW) | AT_EMPTY_PATH, mask, out);
  if (error != 0) return error;
  struct stat file = from_statx(*out);
  show(file);
  to_statx(file, *out);
  return 0;
}

long on_faccessat(Call& call) {
  return check_path(call.fd(0), call.path(1), call.word(2), 0);
}

long on_faccessat2(Call& call) {
  return check_path(call.fd(0), call.path(1), call.word(2), call.flags(3));
}

long on_readlinkat(Call& call) {
  const char* path = call.path(1);
  const auto size = static_cast<int>(call.arguments[3]);
  auto* buffer = call.pointer<char>(2);
  if (size <= 0) return -EINVAL;
  if (!is_address(path)) return -EFAULT;
  PathBuffer link;
  Node node;
  const long error = open_node(call.fd(0), path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, node);
  if (error != 0) return *path == '\0' && error == -EBADF ? -ENOENT : error;
  if (!S_ISLNK(node.file.st_mode)) return *path == '\0' ? -ENOENT : -EINVAL;
  const long length = sys(SYS_readlinkat, node.fd.get(), "", link.get(), kPathSize - 1);
  if (length < 0) return length;
  link[length] = '\0';
  if (!is_address(buffer)) return -EFAULT;
  // Only of what is in /proc: a link of the root may say what it likes.
  if (link[0] == '/' && node.file.st_dev == board().proc_device) {
    PathBuffer where;
    if (tree_path(node.fd.get(), where) == 0) return give_magic(where, link, buffer, size);
  }
  return give(link, buffer, size);
}

long on_statfs(Call& call) {
  Node node;
  const long error = open_node(AT_FDCWD, call.path(0), 0, node);
  return error != 0 ? error : sys(SYS_fstatfs, node.fd.get(), call.arguments[1]);
}

}  // namespace cooper::sandbox::stub
