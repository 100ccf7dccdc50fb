// A file that several trees have is never written in place: it is copied beside and renamed over.
#pragma once

#include <sys/stat.h>

#include "sandbox/stub/abi.h"

namespace cooper::sandbox::stub {

// Puts a copy of the file or symlink `name`, which is `file`, in its place, with its mode, times, attributes
// and, where chown works, owner. The directory keeps its times.
long replace_by_copy(int directory, const char* name, const struct stat& file);

// Needs the table's lock.
void copy_xattrs(const TableEntry& from, TableEntry& to);

}  // namespace cooper::sandbox::stub
