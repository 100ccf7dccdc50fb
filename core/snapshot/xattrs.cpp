#include "snapshot/xattrs.h"

#include <cerrno>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/xattr.h>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kRevision2Size = 20;  // XATTR_CAPS_SZ_2
constexpr std::size_t kRevision3Size = 24;  // XATTR_CAPS_SZ_3

bool means_none(int number) {
  return number == ENOTSUP || number == ENODATA || number == EPERM || number == EACCES;
}

std::string list_names(const std::string& place, const std::string& path) {
  // A first guess that fits nearly always; the kernel limits the list to 64 KiB (XATTR_LIST_MAX).
  std::string names(1024, '\0');
  ssize_t size = ::llistxattr(place.c_str(), names.data(), names.size());
  if (size < 0 && errno == ERANGE) {
    names.resize(XATTR_LIST_MAX);
    size = ::llistxattr(place.c_str(), names.data(), names.size());
  }
  if (size < 0 && means_none(errno)) size = 0;
  base::check(size, "list the extended attributes of", path);
  names.resize(static_cast<std::size_t>(size));
  return names;
}

std::string read_value(const std::string& place, const std::string& name, const std::string& path) {
  std::string value(256, '\0');
  ssize_t size = ::lgetxattr(place.c_str(), name.c_str(), value.data(), value.size());
  if (size < 0 && errno == ERANGE) {
    value.resize(XATTR_SIZE_MAX);
    size = ::lgetxattr(place.c_str(), name.c_str(), value.data(), value.size());
  }
  base::check(size, "read extended attribute '" + name + "' of", path);
  value.resize(static_cast<std::size_t>(size));
  return value;
}

}  // namespace

bool is_overlay_xattr(std::string_view name) {
  return name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.");
}

bool belongs_on_disk(std::string_view name) {
  return name == kCapabilityXattr || (name.starts_with("user.") && !is_overlay_xattr(name));
}

std::string portable_capability(std::string value) {
  if (value.size() != kRevision3Size) return value;
  if (static_cast<unsigned char>(value[3]) != VFS_CAP_REVISION_3 >> 24) return value;
  value.resize(kRevision2Size);
  value[3] = static_cast<char>(VFS_CAP_REVISION_2 >> 24);
  return value;
}

Xattrs layer_xattrs(Xattrs xattrs) {
  for (auto entry = xattrs.begin(); entry != xattrs.end();) {
    entry = is_overlay_xattr(entry->first) ? xattrs.erase(entry) : std::next(entry);
  }
  auto capability = xattrs.find(kCapabilityXattr);
  if (capability != xattrs.end()) capability->second = portable_capability(std::move(capability->second));
  return xattrs;
}

DiskXattrs read_xattrs(int parent, const std::string& name, const std::string& path) {
  // There is no listxattrat() before Linux 6.13; the last component is not followed, and the one before is a
  // descriptor.
  std::string place = fmt::format("/proc/self/fd/{}/{}", parent, name);
  DiskXattrs found;
  std::string names = list_names(place, path);
  for (std::size_t at = 0; at < names.size();) {
    std::string attribute(names.c_str() + at);
    at += attribute.size() + 1;
    if (attribute == kOpaqueXattr || attribute == kTrustedOpaqueXattr) {
      found.opaque = found.opaque || read_value(place, attribute, path) == "y";
    } else if (belongs_on_disk(attribute)) {
      found.kept[attribute] = read_value(place, attribute, path);
    }
  }
  found.kept = layer_xattrs(std::move(found.kept));
  return found;
}

}  // namespace cooper::snapshot
