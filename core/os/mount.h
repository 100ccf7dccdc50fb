// The mount calls that a step's set-up is made of, on descriptors instead of paths (Linux 5.12): a mount is
// made detached, configured, and attached to a directory that was opened safely before, so no path is looked
// up twice and no symlink is followed by mistake.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "os/fd.h"

namespace cooper::os {

// MOUNT_ATTR_* of <sys/mount.h>, gathered for the three looks that steps need.
struct MountAttributes {
  bool read_only = false;
  bool no_suid = false;
  bool no_dev = false;
  bool no_exec = false;
};

using MountOptions = std::vector<std::pair<std::string, std::string>>;

// A new, detached file system of `type` ("tmpfs", "proc"). The option "source" is what /proc/mounts calls it;
// steps read that. Throws Error{kIo}.
Fd new_filesystem(const std::string& type, const MountOptions& options, const MountAttributes& attributes);

// A detached copy of what `path` names below `directory` (or AT_FDCWD), never through a final symlink; ""
// means what `directory` itself refers to, a file or a directory. `recursive` takes along what is mounted
// below it. Throws Error{kIo}.
Fd clone_mount(int directory, const std::string& path, bool recursive);

// Adds attributes to a mount, and to all below it when `recursive`. Throws Error{kIo} naming `what`.
void set_mount_attributes(const Fd& mount, const MountAttributes& attributes, bool recursive,
                          const std::string& what);

// Attaches a detached mount, or moves an attached one, onto what `target` refers to. Throws Error{kIo} naming
// `what`.
void attach_mount(const Fd& mount, int target, const std::string& what);

struct OverlayLayers {
  std::vector<std::string> lower;  // absolute, topmost first, at least one; at least two without an upper
  std::string upper;               // "": read-only
  std::string work;                // an empty directory on upper's file system
};

inline constexpr std::size_t kMaximumLowers = 500;  // OVL_MAX_STACK in the kernel

// Mounts an overlay with `userxattr` at `name`, a directory in the current directory, which must be writable
// scratch space: short symlinks to the layers are made there and removed again. mount(2) copies one page of
// options only, so 60 full layer paths would be cut off silently; links "0".."499" always fit, on every
// kernel, and need no escaping of ':' and ','.
//
// Mounted as volatile: neither fsync in the mount nor its end waits for a disk. Without it, the end of every
// mount writes out the whole file system below it.
void mount_overlay(const OverlayLayers& layers, const std::string& name, bool no_dev);

}  // namespace cooper::os
