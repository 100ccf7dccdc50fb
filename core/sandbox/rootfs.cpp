#include "sandbox/rootfs.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/mount.h"
#include "sandbox/mount_point.h"
#include "sandbox/system_mounts.h"

namespace cooper::sandbox {

namespace {

// Scratch space that only this mount namespace knows: mount points of overlays, contents of FileMounts, empty
// directories. It is mounted over
// `/`, the one directory that is sure to exist; absolute paths still lead to the old root below it, relative
// ones into the scratch.
void enter_scratch() {
  base::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make private", "the mounts");
  const os::Fd scratch = os::new_filesystem("tmpfs", {{"mode", "0700"}}, {.no_suid = true, .no_dev = true});
  const os::Fd old_root = os::open_file("/", O_PATH | O_DIRECTORY);
  os::attach_mount(scratch, old_root.get(), "scratch space");
  base::check(::fchdir(scratch.get()), "enter", "scratch space");
  base::check(::mkdir(kEmptyDirectory, 0555), "create", "an empty directory");
}

class RootBuilder {
 public:
  explicit RootBuilder(const Spec& spec) : spec_(spec), root_(mount_root()), points_(root_.get()) {}

  std::vector<std::string> build() {
    mount_system_directories(spec_, points_);
    for (const auto& op : spec_.mounts) {
      std::visit([this](const auto& mount) { add(mount); }, op);
    }
    // runc makes a missing working directory, and it stays in the layer.
    points_.make_directory(spec_.cwd);
    root_.reset();
    pivot();
    return points_.stubs();
  }

 private:
  bool no_dev() const { return !spec_.insecure; }

  std::string fresh_name() { return "m" + std::to_string(++counter_); }

  void overlay(const std::vector<std::string>& lower, const std::string& upper, const std::string& work,
               const std::string& name) const {
    os::OverlayLayers layers{lower, upper, work};
    // An overlay needs a lower layer, which scratch images do not have, and two without an upper.
    while (layers.lower.size() < (upper.empty() ? 2U : 1U)) layers.lower.emplace_back(kEmptyDirectory);
    // no_dev: a step may make device nodes (CAP_MKNOD) but, as under Docker's device cgroup, never open the
    // host's disk through one.
    os::mount_overlay(layers, name, no_dev());
  }

  os::Fd mount_root() const {
    const auto& layers = std::get<OverlayRoot>(spec_.root);
    overlay(layers.lower, layers.upper, layers.work, "root");
    return os::open_file("root", O_PATH | O_DIRECTORY);
  }

  void attach(const os::Fd& mount, const std::string& target) {
    struct stat status {};
    base::check(::fstat(mount.get(), &status), "examine the mount for", target);
    const auto type = S_ISDIR(status.st_mode) ? MountPointType::kDirectory : MountPointType::kFile;
    os::attach_mount(mount, points_.prepare(target, type).get(), target);
  }

  // Links on the way, of an image or of what a step left in a cache, end inside `root`.
  static os::Fd clone_inside(const std::string& root, const std::string& path) {
    const os::Fd place = os::Root(root).open_in_root("/" + path, O_PATH);
    return os::clone_mount(place.get(), "", false);
  }

  static os::Fd clone_part(const BindMount& mount) {
    try {
      return clone_inside(mount.source, mount.path);
    } catch (base::Error& error) {
      throw error.context("mount at '" + mount.target + "'");
    }
  }

  void add(const BindMount& mount) {
    const os::Fd tree =
        mount.path.empty() ? os::clone_mount(AT_FDCWD, mount.source, true) : clone_part(mount);
    os::set_mount_attributes(tree, {.read_only = mount.read_only, .no_dev = no_dev()}, true, mount.target);
    attach(tree, mount.target);
  }

  void add(const OverlayMount& mount) {
    const std::string name = fresh_name();
    overlay(mount.lower, mount.upper, mount.work, name);
    const os::Fd tree = clone_inside(name, mount.source);
    os::set_mount_attributes(tree, {.read_only = mount.upper.empty(), .no_dev = no_dev()}, false,
                             mount.target);
    attach(tree, mount.target);
  }

  void add(const TmpfsMount& mount) {
    os::MountOptions options{{"source", "tmpfs"}, {"mode", octal(mount.mode)}};
    if (mount.size > 0) options.emplace_back("size", std::to_string(mount.size));
    attach(os::new_filesystem("tmpfs", options, {.no_suid = true, .no_dev = true}), mount.target);
  }

  void add(const FileMount& mount) {
    const std::string name = fresh_name();
    {
      const os::Fd file = os::open_file(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
      os::FdSink(file.get(), mount.target).write(std::as_bytes(std::span(mount.content)));
      // EINVAL: an id that this user namespace does not map; the file stays ours, as everything else there.
      if (::fchown(file.get(), mount.uid, mount.gid) < 0 && errno != EINVAL)
        base::throw_errno("chown", mount.target);
      base::check(::fchmod(file.get(), mount.mode), "set the mode of", mount.target);
    }
    const os::Fd tree = os::clone_mount(AT_FDCWD, name, false);
    os::set_mount_attributes(tree, {.read_only = true, .no_suid = true, .no_dev = true}, false, mount.target);
    attach(tree, mount.target);
  }

  // The old root, the scratch space and all that lies below vanish from this namespace; what is mounted stays
  // alive through the new root's mounts.
  static void pivot() {
    base::check(::chdir("root"), "enter", "the new root");
    base::check(::syscall(SYS_pivot_root, ".", "."), "pivot_root into", "the new root");
    // Two lie over the new root now, and each call takes the topmost: the scratch space, then the old root
    // below it.
    base::check(::umount2(".", MNT_DETACH), "detach", "scratch space");
    base::check(::umount2(".", MNT_DETACH), "detach", "the old root");
    base::check(::chdir("/"), "enter", "the new root");
  }

  const Spec& spec_;
  os::Fd root_;
  MountPoints points_;
  int counter_ = 0;
};

}  // namespace

std::vector<std::string> enter_root(const Spec& spec) {
  ::umask(0);
  enter_scratch();
  return RootBuilder(spec).build();
}

}  // namespace cooper::sandbox
