#include "snapshot/tree_view.h"

#include <fmt/format.h>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

// As many as BuildKit follows before it calls it a loop.
constexpr int kMaximumLinks = 255;

}  // namespace

std::string resolve_symlinks(const TreeView& tree, const std::string& path, bool follow_last) {
  std::string resolved;
  std::string rest = path;
  int links = 0;
  while (!rest.empty()) {
    std::size_t end = std::min(rest.find('/'), rest.size());
    std::string name = rest.substr(0, end);
    rest.erase(0, end == rest.size() ? end : end + 1);
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      resolved.resize(parent_path(resolved).size());
      continue;
    }
    std::string candidate = join_path(resolved, name);
    std::optional<Entry> entry = tree.lookup(candidate);
    bool is_link = entry && entry->type == EntryType::kSymlink;
    if (!is_link || (rest.empty() && !follow_last)) {
      resolved = std::move(candidate);
      continue;
    }
    if (++links > kMaximumLinks) {
      throw base::Error(base::ErrorKind::kContext,
                        fmt::format("cannot resolve '/{}': too many symbolic links", path));
    }
    if (entry->link_target.starts_with('/')) resolved.clear();
    rest = rest.empty() ? entry->link_target : entry->link_target + "/" + rest;
  }
  return resolved;
}

}  // namespace cooper::snapshot
