// What is done to every path of the root before it changes: it is written down, and a file that other trees
// have too is given a copy of its own.
#pragma once

#include <sys/stat.h>

#include "sandbox/stub/abi.h"
#include "sandbox/stub/paths.h"

namespace cooper::sandbox::stub {

// Lists a name of the root as changed; nothing for what lies in a bind.
void note_change(const Entry& entry, ChangeKind kind = ChangeKind::kPath);
// Lists a path of the tree.
void note_change(const char* path);

// Whether a file is one that other trees have too.
bool is_shared(const struct stat& file);

// Makes what is at the name this tree's own, and `file` what is there then. Nothing for what lies in a bind.
long make_private(const Entry& entry, struct stat& file);

// For calls that have a descriptor, or a path that was followed: finds the name of what it leads to, notes
// the change, checks that it may be written, and makes it private if `write`, in which case `node` is opened
// anew.
long prepare_change(Node& node, bool write);

}  // namespace cooper::sandbox::stub
