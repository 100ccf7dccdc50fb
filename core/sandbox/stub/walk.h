// Resolving a path component by component, as the kernel does, but with the binds, the links of /proc and
// the permissions of whom the process believes to be in mind. Slower than openat2(), which is asked first.
#pragma once

#include "sandbox/stub/abi.h"

namespace cooper::sandbox::stub {

struct Walked {
  bool follow_last;        // in: whether a symlink at the end is followed
  bool missing = false;    // there is nothing at the end, but the directory is there
  bool directory = false;  // the path ended with a slash: only a directory will do
  bool magic = false;      // what remains leads over a link that only the kernel can follow
};

// Resolves `text` from the directory `path` (of the tree, kPathSize bytes), or from the process's root when
// it is absolute, and leaves in `path` where it leads. Gives 0 or what the kernel would answer.
long walk(char* path, const char* text, Walked& walked);

// The program that another process of the step runs, as a path of the tree.
long program_of(std::uint64_t process, char* path);

}  // namespace cooper::sandbox::stub
