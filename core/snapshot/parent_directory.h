// The directory that an entry lies in, opened without following any symlink, and kept for the next: entries
// in path order have the same one many times in a row.
#pragma once

#include <string>

#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::snapshot {

class ParentDirectory {
 public:
  explicit ParentDirectory(const std::string& tree) : root_(tree) {}

  // An O_PATH descriptor, valid until the next call. Throws Error{kIo}.
  const os::Fd& parent_of(const std::string& path);
  // Directories were removed: the one that is kept may be among them.
  void forget() { directory_.reset(); }

 private:
  os::Root root_;
  std::string path_;
  os::Fd directory_;
};

}  // namespace cooper::snapshot
