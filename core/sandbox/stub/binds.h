// Paths of the tree and what lies behind them.
//
// A path of the tree is absolute, without ".", ".." and repeated slashes, and has nothing to do with a root
// that a process has changed; the root of the tree is "".
#pragma once

#include <cstddef>

#include "sandbox/stub/abi.h"
#include "sandbox/stub/text.h"

namespace cooper::sandbox::stub {

// The bind whose target is `path`, or above it; nullptr: what the root has there. `rest` becomes what is
// left of the path, without leading slashes.
const Bind* find_bind(const char* path, const char*& rest);
// Whether `path` is a bind's very place.
bool is_bind_target(const char* path);
// The bind whose place in the root is kept by this symlink.
const Bind* placeholder_of(std::uint64_t device, std::uint64_t inode);

// Where to look for a path of the tree: `name` beneath `directory`; "" is the directory, or file, itself.
struct Place {
  int directory;
  const Bind* bind;  // nullptr: in the root
  char* name;        // kPathSize bytes
};
void place_of(const char* path, Place& place);

// Opens what is at a place as it is, when no symlink is to be followed on the way.
long open_place(const Place& place, int flags, unsigned mode);

// Turns a path of the kernel's into one of the tree; false: it is not in there. `path` has kPathSize bytes.
bool to_tree(char* path);
// What a descriptor, or AT_FDCWD, leads to, as a path of the tree. -ENOENT: not in there, or no path at all.
long tree_path(int fd, char* path);
// The path that a directory had before it was removed; false: it was not, or was never in there.
bool removed_path(int fd, char* path);
// Turns a path of the tree into what the process sees; false: it is outside of its root.
bool from_tree(char* path);

// Called by the first program, for all.
void survey_binds();
// Called by each program, before anything else of this file.
void start_binds();

}  // namespace cooper::sandbox::stub
