// Finding what a path of the step leads to: openat2() where it can tell, else the walk.
#pragma once

#include <cstdint>
#include <sys/stat.h>

#include "sandbox/stub/binds.h"
#include "sandbox/stub/calls.h"
#include "sandbox/stub/scratch.h"

namespace cooper::sandbox::stub {

// openat(2) as the step means it, without what makes or changes files: no O_CREAT.
long open_at(int directory, const char* path, int flags, unsigned mode = 0);
// The same with the walk alone.
long open_walked(int directory, const char* path, int flags, unsigned mode);

// What a path leads to, opened with O_PATH, and what the kernel says of it.
struct Node {
  Descriptor fd;
  struct stat file;
};
// `flags`: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH
long open_node(int directory, const char* path, int flags, Node& node);

// A name in a directory, which may be there or not: what calls that make, remove and rename are about.
struct Entry {
  Descriptor directory;  // may be AT_FDCWD
  char name[256];        // "." when the path ended in "." or "..", or was the root
  bool special = false;  // the name is ".": it can be neither made nor removed
  bool root = false;
  bool climb = false;           // the path ended in ".."
  bool slash = false;           // the path ended with a slash
  PathBuffer parent;            // of the directory, a path of the tree
  bool inside = false;          // `parent` is known
  const Bind* bind = nullptr;   // in which the directory lies
  bool is_bind_target = false;  // the name is the place of a bind
};
long find_entry(int directory, const char* path, Entry& entry);
// What is at the name now, as the kernel says; no symlink is followed.
long stat_entry(const Entry& entry, struct stat& file);
// -EROFS for what lies in a read-only bind, -EBUSY for a bind's place, else 0.
long check_writable(const Entry& entry);

}  // namespace cooper::sandbox::stub
