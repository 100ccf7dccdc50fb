#include "os/mount.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::os {

namespace {

unsigned attribute_bits(const MountAttributes& attributes) {
  unsigned bits = 0;
  if (attributes.read_only) bits |= MOUNT_ATTR_RDONLY;
  if (attributes.no_suid) bits |= MOUNT_ATTR_NOSUID;
  if (attributes.no_dev) bits |= MOUNT_ATTR_NODEV;
  if (attributes.no_exec) bits |= MOUNT_ATTR_NOEXEC;
  return bits;
}

// Symlinks in the current directory that go with the scope.
class ShortNames {
 public:
  ~ShortNames() {
    for (const auto& name : names_) ::unlink(name.c_str());
  }
  std::string add(const std::string& target, std::string name) {
    base::check(::symlink(target.c_str(), name.c_str()), "name the layer", target);
    names_.push_back(name);
    return name;
  }

 private:
  std::vector<std::string> names_;
};

}  // namespace

Fd new_filesystem(const std::string& type, const MountOptions& options, const MountAttributes& attributes) {
  const std::string what = type + " file system";
  const Fd context(base::check(::fsopen(type.c_str(), FSOPEN_CLOEXEC), "open a new", what));
  for (const auto& [key, value] : options) {
    base::check(::fsconfig(context.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0), "configure",
                what);
  }
  base::check(::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), "create", what);
  return Fd(
      base::check(::fsmount(context.get(), FSMOUNT_CLOEXEC, attribute_bits(attributes)), "mount", what));
}

Fd clone_mount(int directory, const std::string& path, bool recursive) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH |
                         (recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U);
  return Fd(base::check(::open_tree(directory, path.c_str(), flags), "bind", path));
}

void set_mount_attributes(const Fd& mount, const MountAttributes& attributes, bool recursive,
                          const std::string& what) {
  mount_attr change{};
  change.attr_set = attribute_bits(attributes);
  const unsigned flags = AT_EMPTY_PATH | (recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U);
  base::check(::mount_setattr(mount.get(), "", flags, &change, sizeof change), "restrict the mount", what);
}

void attach_mount(const Fd& mount, int target, const std::string& what) {
  constexpr unsigned kFlags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  base::check(::move_mount(mount.get(), "", target, "", kFlags), "mount", what);
}

void mount_overlay(const OverlayLayers& layers, const std::string& name, bool no_dev) {
  if (layers.lower.size() > kMaximumLowers) {
    throw base::Error(base::ErrorKind::kUnsupported, "cannot mount " + std::to_string(layers.lower.size()) +
                                                         " layers at once: Linux allows 500")
        .hint("join RUN, COPY and ADD instructions, or start from an image with fewer layers");
  }
  ShortNames names;
  std::string options = "userxattr";
  if (!layers.upper.empty()) {
    options += ",upperdir=" + names.add(layers.upper, "u") + ",workdir=" + names.add(layers.work, "w");
  }
  options += ",lowerdir=";
  for (std::size_t index = 0; index < layers.lower.size(); ++index) {
    if (index > 0) options += ':';
    options += names.add(layers.lower[index], std::to_string(index));
  }
  base::check(::mkdir(name.c_str(), 0755), "create mount point", name);
  const unsigned long flags = no_dev ? static_cast<unsigned long>(MS_NODEV) : 0UL;
  auto mount_with = [&](const std::string& all) {
    return ::mount("overlay", name.c_str(), "overlay", flags, all.c_str());
  };
  // An older kernel that distributors gave userxattr may not know `volatile`.
  if (!layers.upper.empty() && mount_with("volatile," + options) == 0) return;
  base::check(mount_with(options), "mount overlay on",
              layers.upper.empty() ? layers.lower.front() : layers.upper);
}

}  // namespace cooper::os
