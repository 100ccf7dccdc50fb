// The truth about a layer: its entries, sorted, with every property that its tar has or will have.
//
// Written once when a layer is unpacked, created or committed. The unpacked directory only holds the bytes of
// files, so owners, device nodes and capabilities survive where the tier cannot chown or mknod, and no
// question about a layer costs a walk of the disk. Format on disk: magic "CLI1", entry count, then entries
// with varint fields and length-framed strings (front-coded paths), and a SHA-256 of all before it.
//
// A directory that a layer's tar only implies ("a" when it lists "a/b" alone) has no entry: what lower layers
// say of it stays true. Hardlinks repeat the size, owner, mode, times and xattrs of the file that they link
// to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/entry.h"

namespace cooper::snapshot {

class LayerIndex {
 public:
  LayerIndex() = default;
  // Sorts by path_less; a later entry of the same path replaces an earlier one; hardlinks get the properties
  // of their file.
  explicit LayerIndex(std::vector<Entry> entries);

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(std::string_view path) const;
  // The entries strictly below `directory`, contiguous.
  std::span<const Entry> below(std::string_view directory) const;
  std::uint64_t total_size() const;  // bytes of file contents
  // Whether a kHardlink of this layer names `path`.
  bool is_link_target(std::string_view path) const;
  // Directories that have entries below them but none of their own, sorted; never the root.
  std::vector<std::string> implied_directories() const;

  // Marks the entries as fresh that are made at `since` or later (seconds since the epoch), and those that
  // `also` says.
  void mark_fresh(std::int64_t since, const std::function<bool(const Entry&)>& also = {});

  std::string serialize() const;
  static LayerIndex parse(std::string_view bytes);  // throws Error{kCorrupt}

 private:
  std::vector<Entry> entries_;
  std::vector<std::string> link_targets_;  // sorted bytewise, unique
};

// The part of `range` (sorted entries) that lies strictly below `directory`.
std::span<const Entry> entries_below(std::span<const Entry> range, std::string_view directory);
// Whether `path` lies strictly below `directory`.
bool is_below(std::string_view path, std::string_view directory);

}  // namespace cooper::snapshot
