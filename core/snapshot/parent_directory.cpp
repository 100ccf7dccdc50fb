#include "snapshot/parent_directory.h"

#include <fcntl.h>
#include <string_view>

#include "snapshot/entry.h"

namespace cooper::snapshot {

const os::Fd& ParentDirectory::parent_of(const std::string& path) {
  const std::string_view parent = parent_path(path);
  if (!directory_.valid() || parent != path_) {
    path_ = std::string(parent);
    directory_ = root_.open_exact(parent.empty() ? "." : path_, O_PATH | O_DIRECTORY);
  }
  return directory_;
}

}  // namespace cooper::snapshot
