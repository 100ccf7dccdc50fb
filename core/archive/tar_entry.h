// One member of a tar, as layers use it: POSIX pax (IEEE 1003.1) and the GNU forms that readers meet.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace cooper::archive {

enum class EntryType { kFile, kDirectory, kSymlink, kHardlink, kCharDevice, kBlockDevice, kFifo };

struct TarEntry {
  std::string path;  // as stored; any bytes but NUL; directories without trailing slash
  EntryType type = EntryType::kFile;
  std::uint32_t mode = 0;  // 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime = 0;  // seconds since the epoch
  std::uint32_t mtime_nsec = 0;
  std::uint64_t size = 0;   // bytes of content, files only
  std::string link_target;  // symlinks: the text; hardlinks: a path in the archive
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string> xattrs;  // SCHILY.xattr.*, any bytes
};

}  // namespace cooper::archive
