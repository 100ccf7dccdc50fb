#include "adapters/store_place.h"

#include <filesystem>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "adapters/outputs.h"

namespace cooper::adapters {

namespace fs = std::filesystem;

bool lies_on_overlay(const std::string& path) {
  std::error_code none;
  fs::path existing = fs::absolute(path, none);
  while (!existing.empty() && existing != existing.root_path() && !fs::exists(existing, none))
    existing = existing.parent_path();
  struct statfs status {};
  return ::statfs(existing.c_str(), &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC;
}

std::optional<Option> store_beside_sources(const std::string& default_store, const std::string& workspace,
                                           const IsOverlay& is_overlay) {
  if (!is_overlay(default_store) || is_overlay(workspace)) return std::nullopt;
  std::error_code none;
  const fs::path parent = fs::absolute(workspace, none).lexically_normal().parent_path();
  // The same volume, or another one that is none of ours.
  const bool is_ours = ::access(parent.c_str(), W_OK) == 0 && !is_overlay(parent);
  const fs::path place = (is_ours ? parent : fs::path(workspace)) / kStoreDirectory;
  return Option{"--store", place, "the usual place is on an overlay, where RUN cannot mount"};
}

}  // namespace cooper::adapters
