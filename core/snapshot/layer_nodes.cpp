#include "snapshot/layer_nodes.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

constexpr int kMaximumLinks = 40;  // as the kernel's, path_resolution(7)

}  // namespace

const Entry* LayerNodes::find(std::string_view path) const {
  auto found = nodes_.find(path);
  return found == nodes_.end() ? nullptr : &found->second.entry;
}

bool LayerNodes::is_directory(std::string_view path) const {
  auto found = nodes_.lower_bound(path);
  if (found == nodes_.end()) return path.empty();
  if (found->first == path) return found->second.entry.is_directory();
  return path.empty() || is_below(found->first, path);
}

void LayerNodes::put(Entry entry) {
  has_whiteouts_ = has_whiteouts_ || entry.type == EntryType::kWhiteout;
  std::string path = entry.path;
  auto place =
      nodes_.empty() || path_less(nodes_.rbegin()->first, path) ? nodes_.end() : nodes_.lower_bound(path);
  nodes_.insert_or_assign(place, std::move(path), Node{std::move(entry), ++inodes_});
}

void LayerNodes::put_link(const std::string& path, const std::string& target) {
  Node node = nodes_.find(target)->second;
  node.entry.path = path;
  has_links_ = true;
  nodes_.insert_or_assign(path, std::move(node));
}

bool LayerNodes::erase(const std::string& path) {
  auto first = nodes_.lower_bound(path);
  auto last = first;
  while (last != nodes_.end() && (last->first == path || is_below(last->first, path))) ++last;
  if (first == last) return false;
  nodes_.erase(first, last);
  last_valid_ = false;
  return true;
}

std::string LayerNodes::resolve_parent(const std::string& path) {
  std::string parent(parent_path(path));
  if (!last_valid_ || parent != last_parent_) {
    last_resolved_ = resolve_directory(parent);
    last_parent_ = std::move(parent);
    last_valid_ = true;
  }
  return join_path(last_resolved_, base_name(path));
}

std::string LayerNodes::resolve_directory(const std::string& path) const {
  std::string resolved;
  std::string rest = path;
  int links = 0;
  while (!rest.empty()) {
    std::size_t end = std::min(rest.find('/'), rest.size());
    std::string name = rest.substr(0, end);
    rest.erase(0, std::min(end + 1, rest.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      resolved.resize(parent_path(resolved).size());
      continue;
    }
    std::string candidate = join_path(resolved, name);
    const Entry* entry = find(candidate);
    if (entry != nullptr && entry->type == EntryType::kSymlink) {
      if (++links > kMaximumLinks)
        throw base::Error(base::ErrorKind::kCorrupt, "its parents are a loop of symlinks");
      if (entry->link_target.starts_with('/')) resolved.clear();
      rest = entry->link_target + "/" + rest;
      continue;
    }
    if (entry != nullptr && !entry->is_directory() && entry->type != EntryType::kWhiteout) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("its parent '{}' is not a directory", candidate));
    }
    resolved = std::move(candidate);
  }
  return resolved;
}

std::vector<std::string> LayerNodes::whiteouts_above(const std::string& path) const {
  std::vector<std::string> found;
  if (!has_whiteouts_) return found;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    std::string_view above = std::string_view(path).substr(0, slash);
    const Entry* entry = find(above);
    if (entry != nullptr && entry->type == EntryType::kWhiteout) found.emplace_back(above);
  }
  return found;
}

LayerIndex LayerNodes::take_index() {
  std::vector<Entry> entries;
  entries.reserve(nodes_.size());
  std::unordered_map<std::uint64_t, std::string> first_names;
  while (!nodes_.empty()) {
    Node node = std::move(nodes_.extract(nodes_.begin()).mapped());
    if (has_links_ && node.entry.type == EntryType::kFile) {
      auto [first, is_first] = first_names.try_emplace(node.inode, node.entry.path);
      if (!is_first) {
        node.entry.type = EntryType::kHardlink;
        node.entry.link_target = first->second;
      }
    }
    entries.push_back(std::move(node.entry));
  }
  return LayerIndex(std::move(entries));
}

}  // namespace cooper::snapshot
