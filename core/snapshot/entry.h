// One path of a layer or of a merged tree.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace cooper::snapshot {

enum class EntryType : std::uint8_t {
  kFile,
  kDirectory,
  kSymlink,
  kHardlink,  // link_target is another path of the same layer, which sorts before and is a kFile
  kCharDevice,
  kBlockDevice,
  kFifo,
  kWhiteout,  // hides the path in lower layers
};

// Paths are relative, "/"-separated, clean ("usr/bin/env"), any bytes but NUL; "" is the root directory.
struct Entry {
  std::string path;
  EntryType type = EntryType::kFile;
  bool opaque = false;     // directories: hides everything that lower layers have below
  std::uint32_t mode = 0;  // 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime = 0;  // seconds since the epoch
  std::uint32_t mtime_nsec = 0;
  // A build gave it this time, as every other build would give it its own; else the time is the file's own
  // (unpacked, copied from elsewhere). SOURCE_DATE_EPOCH is older than every fresh time.
  bool fresh = false;
  std::uint64_t size = 0;  // bytes, files only
  std::string link_target;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;  // security.capability (v2), user.*; never overlay's own
  base::Digest content;                       // SHA-256 of a file's bytes; empty until known

  bool is_directory() const { return type == EntryType::kDirectory; }
  bool operator==(const Entry&) const = default;
};

// Orders paths by component, so that everything below a directory is contiguous after it: "a" < "a/b" <
// "a-b".
bool path_less(std::string_view a, std::string_view b);

// The name after the last slash, and what is before it ("" for the root).
std::string_view base_name(std::string_view path);
std::string_view parent_path(std::string_view path);
std::string join_path(std::string_view directory, std::string_view name);
// Cleans lexically: drops a leading slash, empty and "." components, and clamps ".." at the root.
std::string clean_path(std::string_view path);

}  // namespace cooper::snapshot
