// A file that several trees have is never written in place: it is copied beside and renamed over.
#pragma once

#include <sys/stat.h>

namespace cooper::sandbox::stub {

// Puts a copy of the file or symlink `name`, which is `file`, in its place, with its mode, times, attributes
// and, where chown works, owner, and with what the table knows of it. The directory keeps its times. Whenever
// the process is killed, the name has the whole of one or of the other.
long replace_by_copy(int directory, const char* name, const struct stat& file);

}  // namespace cooper::sandbox::stub
