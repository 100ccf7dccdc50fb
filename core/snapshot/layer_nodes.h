// What a layer's tar has said so far: entries by path, later ones replacing earlier ones, and which files are
// one inode.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/layer_index.h"
#include "snapshot/path_order.h"

namespace cooper::snapshot {

class LayerNodes {
 public:
  const Entry* find(std::string_view path) const;
  // Whether there is a directory at `path`, of its own or implied by what lies below.
  bool is_directory(std::string_view path) const;
  // Replaces what is at the path, but not what is below it.
  void put(Entry entry);
  // `path` becomes another name of what is at `target`.
  void put_link(const std::string& path, const std::string& target);
  // Forgets `path` and all below it; false when there was nothing.
  bool erase(const std::string& path);

  // `path` with the symlinks among its parents followed inside the layer. Throws Error{kCorrupt} for a loop
  // and for a parent that is neither directory nor symlink.
  std::string resolve_parent(const std::string& path);
  // The whiteouts among the parents of `path`.
  std::vector<std::string> whiteouts_above(const std::string& path) const;

  // The index; the first name of an inode in path order is the file, the others are hardlinks to it.
  LayerIndex take_index();

 private:
  struct Node {
    Entry entry;
    std::uint64_t inode = 0;
  };

  std::string resolve_directory(const std::string& path) const;

  std::map<std::string, Node, PathLess> nodes_;
  std::uint64_t inodes_ = 0;
  bool has_links_ = false;
  bool has_whiteouts_ = false;
  // The parent of the entry before, as archives come in directory order; erase() forgets it.
  std::string last_parent_;
  std::string last_resolved_;
  bool last_valid_ = false;
};

}  // namespace cooper::snapshot
