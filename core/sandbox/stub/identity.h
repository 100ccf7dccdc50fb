// Who a process believes to be, and what it takes for "/": what a kernel would keep for it.
//
// Kept in the process's own memory, and handed to the next program at exec. A child of vfork() shares that
// memory with its parent until then, so what it changes is kept under its own process id.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sandbox/stub/abi.h"

namespace cooper::sandbox::stub {

struct Ids {
  std::uint32_t real;
  std::uint32_t effective;
  std::uint32_t saved;
  std::uint32_t file_system;

  bool operator==(const Ids&) const = default;
};

struct Credentials {
  Ids uid;
  Ids gid;
  std::uint32_t group_count;
  std::uint32_t groups[kMaxGroups];
  std::uint64_t effective;
  std::uint64_t permitted;
  std::uint64_t inheritable;
  std::uint64_t bounding;
  std::uint64_t ambient;
  std::uint32_t keep_capabilities;
};

struct Identity {
  int process;   // 0: a free slot
  bool leaving;  // about to execute another program: nobody looks this up again
  Credentials credentials;
  char root[1024];  // of the tree: "" for itself, else "/path" as its processes without another root see it
  std::size_t root_length;
};

const Identity& identity();
// For changing: the calling process's own.
Identity& own_identity();
// The next identity() of this process is that of its parent again (an exec that failed), or nobody's.
void set_leaving(bool leaving);

void start_identity(const Identity& identity);

// Those of another process of the step; false: it cannot be asked. Each keeps its own at the same address.
bool read_credentials(int process, Credentials& credentials);

inline Board& board() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of our own choice
  return *reinterpret_cast<Board*>(kBoardAddress);
}

inline bool table_owners() {
  return board().owners == Owners::kTable;
}

bool has_capability(int capability);
bool in_group(std::uint32_t gid);
// Whether the modes of files mean anything to it.
bool is_restricted();

// The program that the process runs, a path of the tree.
char* program_path();

}  // namespace cooper::sandbox::stub
