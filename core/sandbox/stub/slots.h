// Where the board's table keeps an inode: shared by the builder, which fills it, and the stub.
//
// Inodes that were made together are often asked for together, so runs of sixteen share a few cache lines.
#pragma once

#include <cstdint>

namespace cooper::sandbox::stub {

// The first slot to look at; then the next ones, around the end. `capacity` is a power of two.
constexpr std::uint64_t first_slot(std::uint64_t device, std::uint64_t inode, std::uint64_t capacity) {
  constexpr std::uint64_t kRun = 16;
  std::uint64_t hash = (inode / kRun) * 0x9e3779b97f4a7c15ULL ^ device * 0xc2b2ae3d27d4eb4fULL;
  hash ^= hash >> 32;
  return (hash * kRun + inode % kRun) & (capacity - 1);
}

}  // namespace cooper::sandbox::stub
