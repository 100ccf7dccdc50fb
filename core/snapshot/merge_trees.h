// Layers put one upon the other into a single tree that can be written to, for cache mounts: overlay's way of
// showing a stack would leave the lower layers in the store for as long as the mount is there.
#pragma once

#include <string>

#include "snapshot/form.h"
#include "snapshot/layer_index.h"
#include "snapshot/layer_nodes.h"
#include "snapshot/parent_directory.h"
#include "snapshot/tree_writer.h"

namespace cooper::snapshot {

class TreeMerger {
 public:
  // `tree`: an empty directory, on the file system of what is added.
  TreeMerger(const std::string& tree, Form form);

  // Moves what a layer has at `from`, as unpack_blob() put it there, onto the tree; base first. Layers may be
  // hostile: throws Error{kCorrupt} for devices and for a path below something that is no directory. The tree
  // is then to be thrown away, as after Error{kIo}.
  void add(const std::string& from, const LayerIndex& layer);
  // Sets the times of directories. Returns what the tree holds; the root is the caller's.
  LayerIndex finish();

 private:
  void put(ParentDirectory& from, const Entry& entry);
  void put_directory(Entry entry);
  void make_parents(const std::string& path);
  void require_directories_above(const Entry& entry) const;
  void remove(const std::string& path);

  std::string tree_;
  TreeWriter writer_;
  ParentDirectory places_;
  LayerNodes nodes_;
};

}  // namespace cooper::snapshot
