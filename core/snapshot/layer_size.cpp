#include "snapshot/layer_size.h"

#include "os/disk_usage.h"

namespace cooper::snapshot {

std::uint64_t disk_size(const LayerIndex& index) {
  std::uint64_t total = os::kBlockUsage + os::kInodeUsage;  // the root
  for (const Entry& entry : index.entries()) {
    if (entry.type == EntryType::kHardlink) continue;
    total += os::kInodeUsage;
    if (entry.type == EntryType::kFile) {
      total += (entry.size + os::kBlockUsage - 1) / os::kBlockUsage * os::kBlockUsage;
    } else if (entry.is_directory() && !entry.path.empty()) {
      total += os::kBlockUsage;
    }
  }
  return total + index.implied_directories().size() * (os::kBlockUsage + os::kInodeUsage);
}

}  // namespace cooper::snapshot
