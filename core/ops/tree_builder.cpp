#include "ops/tree_builder.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/error.h"
#include "snapshot/layer.h"
#include "snapshot/layer_index.h"
#include "snapshot/unchanged.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;

[[noreturn]] void conflict(const std::string& what, const std::string& path) {
  throw base::Error(base::ErrorKind::kContext, fmt::format("{} '/{}'", what, path));
}

}  // namespace

TreeBuilder::TreeBuilder(std::shared_ptr<const snapshot::TreeView> base) : base_(std::move(base)) {}

const TreeBuilder::Node* TreeBuilder::find(const std::string& path) const {
  auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &nodes_[found->second];
}

const Addition* TreeBuilder::find_addition(const std::string& path) const {
  const Node* node = find(path);
  return node == nullptr ? nullptr : &node->addition;
}

std::optional<Entry> TreeBuilder::lookup(const std::string& path) const {
  if (const Node* node = find(path)) return node->addition.entry;
  if (!path.empty()) {
    const Node* parent = find(std::string(snapshot::parent_path(path)));
    if (parent != nullptr && (parent->fresh || !parent->addition.entry.is_directory())) return std::nullopt;
  }
  if (base_ != nullptr) {
    if (auto entry = base_->lookup(path)) return entry;
  }
  if (!path.empty()) return std::nullopt;
  Entry root;
  root.type = EntryType::kDirectory;
  root.mode = 0755;
  return root;
}

std::vector<Entry> TreeBuilder::list(const std::string& path) const {
  std::map<std::string, Entry> children;
  const Node* directory = find(path);
  if (base_ != nullptr && (directory == nullptr || !directory->fresh)) {
    for (Entry& entry : base_->list(path)) {
      std::string key = entry.path;
      children.insert_or_assign(std::move(key), std::move(entry));
    }
  }
  for (const Node& node : nodes_) {
    const Entry& entry = node.addition.entry;
    if (!entry.path.empty() && snapshot::parent_path(entry.path) == path)
      children.insert_or_assign(entry.path, entry);
  }
  std::vector<Entry> entries;
  entries.reserve(children.size());
  for (auto& [name, entry] : children) entries.push_back(std::move(entry));
  return entries;
}

os::Fd TreeBuilder::open(const std::string& path) const {
  const Node* node = find(path);
  if (node == nullptr) {
    if (base_ == nullptr) conflict("no such file", path);
    return base_->open(path);
  }
  const FileBytes& bytes = node->addition.bytes;
  if (bytes.tree == nullptr)
    throw base::Error(base::ErrorKind::kInternal, "a file from memory has no descriptor");
  return bytes.tree->open(bytes.path);
}

base::Digest TreeBuilder::content_digest(const Entry& entry) const {
  const Node* node = find(entry.path);
  if (node == nullptr) return base_->content_digest(entry);
  const FileBytes& bytes = node->addition.bytes;
  if (bytes.tree == nullptr) return base::sha256(bytes.content);
  Entry source = node->addition.entry;
  source.path = bytes.path;
  return bytes.tree->content_digest(source);
}

std::string TreeBuilder::link_group(const Entry& entry) const {
  if (const Node* node = find(entry.path)) return node->addition.link_group;
  return base_ == nullptr ? std::string() : base_->link_group(entry);
}

void TreeBuilder::add(Addition addition, bool fresh) {
  auto [slot, inserted] = by_path_.try_emplace(addition.entry.path, nodes_.size());
  if (inserted) {
    nodes_.push_back({std::move(addition), fresh});
  } else {
    nodes_[slot->second].addition = std::move(addition);
    nodes_[slot->second].fresh = nodes_[slot->second].fresh || fresh;
  }
}

// Directories that only the base has become part of the layer, outermost first.
void TreeBuilder::adopt_parents(const std::string& path) {
  std::string parent(snapshot::parent_path(path));
  if (parent.empty() || find(parent) != nullptr) return;
  adopt_parents(parent);
  if (auto entry = lookup(parent)) add({std::move(*entry), {}, {}}, false);
}

std::string TreeBuilder::make_directories(const std::string& path, const NewDirectory& attributes) {
  std::string real = snapshot::resolve_symlinks(*this, path, true);
  if (real.empty()) return real;
  if (auto existing = lookup(real)) {
    if (!existing->is_directory()) conflict("not a directory:", real);
    return real;
  }
  make_directories(std::string(snapshot::parent_path(real)), attributes);
  adopt_parents(real);
  Entry entry;
  entry.path = real;
  entry.type = EntryType::kDirectory;
  entry.mode = attributes.mode;
  entry.uid = attributes.uid;
  entry.gid = attributes.gid;
  entry.mtime = attributes.mtime;
  entry.fresh = true;
  add({std::move(entry), {}, {}}, true);
  return real;
}

// Forgets what was added below `path`.
void TreeBuilder::drop_below(const std::string& path) {
  std::vector<Node> kept;
  kept.reserve(nodes_.size());
  by_path_.clear();
  for (Node& node : nodes_) {
    if (snapshot::is_below(node.addition.entry.path, path)) continue;
    by_path_.emplace(node.addition.entry.path, kept.size());
    kept.push_back(std::move(node));
  }
  nodes_ = std::move(kept);
}

void TreeBuilder::put_over(Addition addition) {
  std::optional<Entry> existing = lookup(addition.entry.path);
  bool is_root = addition.entry.path.empty();
  if (!existing || is_root || existing->is_directory() == addition.entry.is_directory())
    return put(std::move(addition));
  if (existing->is_directory()) drop_below(addition.entry.path);
  adopt_parents(addition.entry.path);
  bool fresh = addition.entry.is_directory();
  add(std::move(addition), fresh);
}

void TreeBuilder::put(Addition addition) {
  const Entry& entry = addition.entry;
  std::optional<Entry> existing = lookup(entry.path);
  if (existing) {
    if (entry.is_directory() && !existing->is_directory())
      conflict("cannot copy a directory over the file", entry.path);
    if (!entry.is_directory() && existing->is_directory())
      conflict("cannot copy a file over the directory", entry.path);
  }
  adopt_parents(entry.path);
  bool fresh = entry.is_directory() && !existing;
  add(std::move(addition), fresh);
}

namespace {

void turn_repeats_into_hardlinks(std::vector<Addition>& additions) {
  std::unordered_map<std::string, std::string> first_of_group;
  for (Addition& addition : additions) {
    if (addition.link_group.empty() || addition.entry.type != EntryType::kFile) continue;
    auto [first, is_new] = first_of_group.try_emplace(addition.link_group, addition.entry.path);
    if (is_new) continue;
    addition.entry.type = EntryType::kHardlink;
    addition.entry.link_target = first->second;
    addition.bytes = {};
  }
}

}  // namespace

bool TreeBuilder::is_unchanged(const Addition& addition, bool one_fresh_time) const {
  if (base_ == nullptr) return false;
  std::optional<Entry> below = base_->lookup(addition.entry.path);
  if (!below) return false;
  Entry above = addition.entry;
  for (Entry* entry : {&*below, &above}) {
    if (!one_fresh_time || !entry->fresh) continue;
    entry->mtime = snapshot::kAlwaysNewer;
    entry->mtime_nsec = 0;
  }
  snapshot::Change change = snapshot::find_change(*below, above);
  if (change != snapshot::Change::kOfContentOnly) return change == snapshot::Change::kNone;
  return content_digest(addition.entry) == base_->content_digest(*below);
}

std::vector<Addition> TreeBuilder::take(bool one_fresh_time) {
  std::vector<Addition*> sorted;
  sorted.reserve(nodes_.size());
  for (Node& node : nodes_) sorted.push_back(&node.addition);
  std::sort(sorted.begin(), sorted.end(), [](const Addition* a, const Addition* b) {
    return snapshot::path_less(a->entry.path, b->entry.path);
  });
  std::vector<const Entry*> entries;
  entries.reserve(sorted.size());
  for (const Addition* addition : sorted) entries.push_back(&addition->entry);
  std::vector<bool> changed = snapshot::mark_changes(
      entries, [&](std::size_t i) { return is_unchanged(*sorted[i], one_fresh_time); });
  std::vector<Addition> additions;
  additions.reserve(sorted.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (changed[i]) additions.push_back(std::move(*sorted[i]));
  }
  nodes_.clear();
  by_path_.clear();
  turn_repeats_into_hardlinks(additions);
  return additions;
}

}  // namespace cooper::ops
