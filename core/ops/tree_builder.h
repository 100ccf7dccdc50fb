// A layer in the making, in memory: what File actions add on top of a base, before any byte is written.
//
// The builder is a TreeView of base plus additions, so every action sees what earlier ones did. Directories
// on the way to an addition become entries of the layer with the attributes that they have in the base, as in
// BuildKit's layers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "snapshot/tree_view.h"

namespace cooper::ops {

// Where the bytes of an added file come from: a path of another tree, or a string.
struct FileBytes {
  std::shared_ptr<const snapshot::TreeView> tree;
  std::string path;
  std::string content;  // when `tree` is null
};

struct Addition {
  snapshot::Entry entry;   // never kHardlink while in the builder
  FileBytes bytes;         // kFile only
  std::string link_group;  // files of the same non-empty group are hardlinks of one another
};

// What a created directory gets. Times are seconds since the epoch, and count as fresh.
struct NewDirectory {
  std::uint32_t mode = 0755;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime = 0;
};

class TreeBuilder final : public snapshot::TreeView {
 public:
  // `base` may be null: scratch.
  explicit TreeBuilder(std::shared_ptr<const snapshot::TreeView> base);

  // Creates `path` and its missing parents; symlinks on the way are followed inside the tree. Returns the
  // real path. Throws Error{kContext} when a component is no directory.
  std::string make_directories(const std::string& path, const NewDirectory& attributes);
  // Puts `entry` at entry.path, whose parent must be a directory of this tree. A directory over a directory
  // replaces its attributes; over anything else, and anything else over a directory, is Error{kContext}.
  void put(Addition addition);
  // The same, but in place of anything that is not a directory over a directory, with all below it: what
  // unpacking an archive does. The root stays a directory.
  void put_over(Addition addition);

  // What was put at `path` so far; null for what only the base has.
  const Addition* find_addition(const std::string& path) const;

  // TreeView of base plus additions.
  std::optional<snapshot::Entry> lookup(const std::string& path) const override;
  std::vector<snapshot::Entry> list(const std::string& path) const override;
  os::Fd open(const std::string& path) const override;
  base::Digest content_digest(const snapshot::Entry& entry) const override;
  std::string link_group(const snapshot::Entry& entry) const override;

  // What was added, in path_less order, without what the base has just so. The first file of a link group
  // keeps its bytes, the others have become kHardlink. `one_fresh_time`: fresh times are the same in the end,
  // because a SOURCE_DATE_EPOCH takes the place of all of them.
  std::vector<Addition> take(bool one_fresh_time = false);

 private:
  struct Node {
    Addition addition;
    bool fresh = false;  // a directory that the base does not have: nothing below it needs a look at the base
  };
  const Node* find(const std::string& path) const;
  void adopt_parents(const std::string& path);
  void drop_below(const std::string& path);
  void add(Addition addition, bool fresh);
  bool is_unchanged(const Addition& addition, bool one_fresh_time) const;

  std::shared_ptr<const snapshot::TreeView> base_;
  std::vector<Node> nodes_;
  std::unordered_map<std::string, std::size_t> by_path_;
};

}  // namespace cooper::ops
