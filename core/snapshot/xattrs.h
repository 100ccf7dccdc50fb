// Extended attributes that belong to a layer, and those that must never come from one.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace cooper::snapshot {

using Xattrs = std::map<std::string, std::string>;

inline constexpr const char* kCapabilityXattr = "security.capability";
// With the mount option userxattr; overlayfs.rst, "Permission model" and "whiteouts and opaque directories".
inline constexpr const char* kOpaqueXattr = "user.overlay.opaque";
inline constexpr const char* kTrustedOpaqueXattr = "trusted.overlay.opaque";

// Overlay's own marks: a hostile layer must not be able to inject them.
bool is_overlay_xattr(std::string_view name);
// What is also set on disk; everything else lives in the index alone.
bool belongs_on_disk(std::string_view name);

// File capabilities as layers carry them, revision 2: revision 3 (linux/capability.h) adds the user id of a
// namespace's root, which means nothing elsewhere. Other bytes are returned unchanged.
std::string portable_capability(std::string value);

// The attributes of a tar entry that a layer keeps: without overlay's own, capabilities made portable.
Xattrs layer_xattrs(Xattrs xattrs);

// The attributes of an open file or directory that a layer keeps (file capabilities, user.*), and whether it
// carries overlay's opaque mark. Empty where the file system has none.
struct DiskXattrs {
  Xattrs kept;
  bool opaque = false;
};
// Reads those of `name` in the directory `parent`, never following a symlink; `path` is for errors.
DiskXattrs read_xattrs(int parent, const std::string& name, const std::string& path);

}  // namespace cooper::snapshot
