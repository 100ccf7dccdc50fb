// What the kernel lists in a directory.
#pragma once

#include <cstdint>

namespace cooper::sandbox::stub {

// One record of getdents64(2), as long as `size` says.
struct ListedName {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
  char name[1];
};

}  // namespace cooper::sandbox::stub
