// How much of a disk files take: blocks, not bytes, and a little for every inode, because a tree of small
// files is larger than what is in them.
#pragma once

#include <cstdint>
#include <string>
#include <sys/stat.h>

namespace cooper::os {

inline constexpr std::uint64_t kBlockUsage = 4096;  // bytes; what nearly every file system allocates at once
inline constexpr std::uint64_t kInodeUsage = 512;   // bytes; the inode itself and its name

// Of one file or directory, bytes.
std::uint64_t disk_usage(const struct stat& status);
// Of `path` and all below it, bytes. A file with several names counts once; no symlink is followed. What
// vanishes meanwhile, and what we may not look into, does not count.
std::uint64_t tree_usage(const std::string& path);

}  // namespace cooper::os
