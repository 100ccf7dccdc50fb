#include "snapshot/layer_index.h"

#include <algorithm>

namespace cooper::snapshot {
namespace {

bool entry_less(const Entry& a, const Entry& b) {
  return path_less(a.path, b.path);
}

// Keeps the last of each run of equal paths.
void drop_replaced(std::vector<Entry>& entries) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + 1 < entries.size() && entries[i].path == entries[i + 1].path) continue;
    if (kept != i) entries[kept] = std::move(entries[i]);
    ++kept;
  }
  entries.resize(kept);
}

// What two names of one inode have in common.
void share_inode(const Entry& file, Entry& link) {
  link.mode = file.mode;
  link.uid = file.uid;
  link.gid = file.gid;
  link.mtime = file.mtime;
  link.mtime_nsec = file.mtime_nsec;
  link.fresh = file.fresh;
  link.size = file.size;
  link.xattrs = file.xattrs;
  link.content = file.content;
}

}  // namespace

bool is_below(std::string_view path, std::string_view directory) {
  if (directory.empty()) return !path.empty();
  return path.size() > directory.size() && path[directory.size()] == '/' && path.starts_with(directory);
}

std::span<const Entry> entries_below(std::span<const Entry> range, std::string_view directory) {
  auto first =
      std::upper_bound(range.begin(), range.end(), directory,
                       [](std::string_view path, const Entry& entry) { return path_less(path, entry.path); });
  auto last = std::partition_point(first, range.end(),
                                   [&](const Entry& entry) { return is_below(entry.path, directory); });
  return {first, last};
}

LayerIndex::LayerIndex(std::vector<Entry> entries) : entries_(std::move(entries)) {
  if (!std::is_sorted(entries_.begin(), entries_.end(), entry_less)) {
    std::stable_sort(entries_.begin(), entries_.end(), entry_less);
  }
  drop_replaced(entries_);
  for (Entry& entry : entries_) {
    if (entry.type != EntryType::kHardlink) continue;
    link_targets_.push_back(entry.link_target);
    if (const Entry* file = find(entry.link_target)) share_inode(*file, entry);
  }
  std::sort(link_targets_.begin(), link_targets_.end());
  link_targets_.erase(std::unique(link_targets_.begin(), link_targets_.end()), link_targets_.end());
}

const Entry* LayerIndex::find(std::string_view path) const {
  auto found = std::lower_bound(
      entries_.begin(), entries_.end(), path,
      [](const Entry& entry, std::string_view wanted) { return path_less(entry.path, wanted); });
  return found != entries_.end() && found->path == path ? &*found : nullptr;
}

std::span<const Entry> LayerIndex::below(std::string_view directory) const {
  return entries_below(entries_, directory);
}

std::uint64_t LayerIndex::total_size() const {
  std::uint64_t total = 0;
  for (const Entry& entry : entries_) {
    if (entry.type == EntryType::kFile) total += entry.size;
  }
  return total;
}

bool LayerIndex::is_link_target(std::string_view path) const {
  return std::binary_search(link_targets_.begin(), link_targets_.end(), path);
}

std::vector<std::string> LayerIndex::implied_directories() const {
  std::vector<std::string> implied;
  // The directories open at this point of the walk, each below the one before; sorted order makes one pass
  // enough.
  std::vector<std::string_view> open;
  for (const Entry& entry : entries_) {
    std::string_view path = entry.path;
    while (!open.empty() && !is_below(path, open.back())) open.pop_back();
    for (std::size_t from = open.empty() ? 0 : open.back().size() + 1;;) {
      std::size_t slash = path.find('/', from);
      if (slash == std::string_view::npos) break;
      open.push_back(path.substr(0, slash));
      implied.emplace_back(open.back());
      from = slash + 1;
    }
    if (entry.is_directory() && !path.empty()) open.push_back(path);
  }
  return implied;
}

void LayerIndex::mark_fresh(std::int64_t since, const std::function<bool(const Entry&)>& also) {
  for (Entry& entry : entries_) {
    if (entry.type == EntryType::kWhiteout || entry.fresh) continue;
    entry.fresh = entry.mtime >= since || (also && also(entry));
  }
}

}  // namespace cooper::snapshot
