#include "snapshot/merge_trees.h"

#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

[[noreturn]] void fail_corrupt(const Entry& entry, std::string_view why) {
  throw base::Error(base::ErrorKind::kCorrupt, fmt::format("'{}' {}", entry.path, why));
}

}  // namespace

TreeMerger::TreeMerger(const std::string& tree, Form form)
    : tree_(tree), writer_(tree, form), places_(tree) {}

void TreeMerger::add(const std::string& from, const LayerIndex& layer) {
  ParentDirectory source(from);
  for (const Entry& entry : layer.entries()) {
    if (!entry.path.empty()) put(source, entry);
  }
}

void TreeMerger::put(ParentDirectory& from, const Entry& entry) {
  require_directories_above(entry);
  if (entry.type == EntryType::kWhiteout) return remove(entry.path);
  if (entry.is_directory()) return put_directory(entry);
  if (entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice) {
    fail_corrupt(entry, "is a device, which no cache mount holds");
  }
  remove(entry.path);
  make_parents(entry.path);
  const std::string name(base_name(entry.path));
  base::check(::renameat(from.parent_of(entry.path).get(), name.c_str(), places_.parent_of(entry.path).get(),
                         name.c_str()),
              "move", fmt::format("{}/{}", tree_, entry.path));
  if (entry.type == EntryType::kHardlink) {
    if (nodes_.find(entry.link_target) == nullptr) fail_corrupt(entry, "is a hardlink to nothing");
    nodes_.put_link(entry.path, entry.link_target);
  } else {
    nodes_.put(entry);
  }
}

void TreeMerger::put_directory(Entry entry) {
  make_parents(entry.path);
  if (entry.opaque || !nodes_.is_directory(entry.path)) remove(entry.path);
  entry.opaque = false;  // nothing lies below any more
  writer_.add(entry);
  nodes_.put(std::move(entry));
}

// Directories that a layer only implies are in the layers below; where they are not, they are made.
void TreeMerger::make_parents(const std::string& path) {
  Entry parent;
  parent.path = std::string(parent_path(path));
  if (parent.path.empty() || nodes_.is_directory(parent.path)) return;
  parent.type = EntryType::kDirectory;
  parent.mode = 0755;
  put_directory(std::move(parent));
}

void TreeMerger::require_directories_above(const Entry& entry) const {
  for (std::string_view path = parent_path(entry.path); !path.empty(); path = parent_path(path)) {
    if (nodes_.find(path) == nullptr || nodes_.is_directory(path)) continue;
    fail_corrupt(entry, fmt::format("lies below '{}', which is no directory", path));
  }
}

void TreeMerger::remove(const std::string& path) {
  if (!nodes_.erase(path)) return;
  writer_.remove(path);
  places_.forget();
}

LayerIndex TreeMerger::finish() {
  LayerIndex index = nodes_.take_index();
  writer_.finish_directories(index);
  return index;
}

}  // namespace cooper::snapshot
