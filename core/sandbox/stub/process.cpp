// Directories and roots of processes, and what else the kernel would do for a process group of their own.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <sys/inotify.h>

#include "sandbox/stub/descendants.h"
#include "sandbox/stub/handlers.h"
#include "sandbox/stub/identity.h"
#include "sandbox/stub/paths.h"
#include "sandbox/stub/permission.h"

namespace cooper::sandbox::stub {
namespace {

long open_directory(const char* path, Node& node) {
  if (const long error = open_node(AT_FDCWD, path, 0, node); error != 0) return error;
  if (!S_ISDIR(node.file.st_mode)) return -ENOTDIR;
  return check_access(node.file, kMayExecute);
}

// prctl(PR_CAP_AMBIENT, ACTION, CAPABILITY, 0, 0)
long change_ambient(Credentials& who, long action, const long (&arguments)[6]) {
  const long capability = arguments[2];
  if (arguments[3] != 0 || arguments[4] != 0) return -EINVAL;
  if (action == PR_CAP_AMBIENT_CLEAR_ALL) {
    if (capability != 0) return -EINVAL;
    who.ambient = 0;
    return 0;
  }
  if (capability < 0 || capability > CAP_LAST_CAP) return -EINVAL;
  const std::uint64_t bit = 1ULL << capability;
  switch (action) {
    case PR_CAP_AMBIENT_IS_SET:
      return (who.ambient & bit) != 0 ? 1 : 0;
    case PR_CAP_AMBIENT_RAISE:
      if ((who.permitted & who.inheritable & bit) == 0) return -EPERM;
      who.ambient |= bit;
      return 0;
    case PR_CAP_AMBIENT_LOWER:
      who.ambient &= ~bit;
      return 0;
    default:
      return -EINVAL;
  }
}

}  // namespace

long on_chdir(Call& call) {
  Node node;
  if (const long error = open_directory(call.path(0), node); error != 0) return error;
  return sys(SYS_fchdir, node.fd.get());
}

long on_getcwd(Call& call) {
  auto* buffer = call.pointer<char>(0);
  PathBuffer path;
  const long error = tree_path(AT_FDCWD, path);
  if (error == -ENOENT) {
    // Removed, or outside of everything that the step sees.
    const long length = sys(SYS_getcwd, path.get(), kPathSize);
    if (length < 0) return length;
  } else if (error != 0) {
    return error;
  } else if (!from_tree(path)) {
    PathBuffer copy;
    Writer(copy, kPathSize).add("(unreachable)").add(path);
    Writer(path, kPathSize).add(copy);
  }
  const std::size_t size = strlen(path) + 1;
  if (size > call.size(1)) return -ERANGE;
  if (!is_address(buffer)) return -EFAULT;
  memcpy(buffer, path, size);
  return static_cast<long>(size);
}

long on_chroot(Call& call) {
  Node node;
  if (const long error = open_directory(call.path(0), node); error != 0) return error;
  if (table_owners() && !has_capability(CAP_SYS_CHROOT)) return -EPERM;
  PathBuffer path;
  if (const long error = tree_path(node.fd.get(), path); error != 0) return error;
  const std::size_t length = strlen(path);
  if (length >= sizeof Identity::root) return -ENAMETOOLONG;
  if (length != 0) {
    const long error = sys(SYS_dup3, node.fd.get(), kChangedRootFd, 0);
    if (error < 0) return error;
  }
  Identity& own = own_identity();
  memcpy(own.root, path, length + 1);
  own.root_length = length;
  return 0;
}

long on_kill(Call& call) {
  return kill_all_others(call.fd(1));
}

long on_prctl(Call& call) {
  const int option = call.fd(0);
  const long value = call.arguments[1];
  if (option == PR_SET_SECCOMP) return -EINVAL;
  Credentials& who = own_identity().credentials;
  switch (option) {
    case PR_GET_KEEPCAPS:
      return who.keep_capabilities;
    case PR_SET_KEEPCAPS:
      if (value != 0 && value != 1) return -EINVAL;
      who.keep_capabilities = static_cast<std::uint32_t>(value);
      return 0;
    case PR_CAPBSET_READ:
      if (value < 0 || value > CAP_LAST_CAP) return -EINVAL;
      return (who.bounding >> value & 1) != 0 ? 1 : 0;
    case PR_CAPBSET_DROP:
      if (!has_capability(CAP_SETPCAP)) return -EPERM;
      if (value < 0 || value > CAP_LAST_CAP) return -EINVAL;
      who.bounding &= ~(1ULL << value);
      return 0;
    case PR_GET_SECUREBITS:
      return 0;
    case PR_SET_SECUREBITS:
      return value == 0 && has_capability(CAP_SETPCAP) ? 0 : -EPERM;
    case PR_CAP_AMBIENT:
      return change_ambient(who, value, call.arguments);
    default:
      return pass(call);
  }
}

long on_inotify_add_watch(Call& call) {
  Node node;
  const int follow = (call.word(2) & IN_DONT_FOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW : 0;
  if (const long error = open_node(AT_FDCWD, call.path(1), follow, node); error != 0) return error;
  if (const long error = check_access(node.file, kMayRead); error != 0) return error;
  const DescriptorPath link(node.fd.get());
  return sys(SYS_inotify_add_watch, call.fd(0), link.text,
             call.word(2) & ~static_cast<unsigned>(IN_DONT_FOLLOW));
}

}  // namespace cooper::sandbox::stub
