// The truth about a layer: its entries, sorted, with every property that its tar has or will have.
//
// Written once when a layer is unpacked, created or committed. The unpacked directory only holds the bytes of
// files, so owners, device nodes and capabilities survive where the tier cannot chown or mknod, and no
// question about a layer costs a walk of the disk. Format on disk: magic "CLI1", entry count, then entries
// with varint fields and length-framed strings (front-coded paths), and a SHA-256 of all before it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/entry.h"

namespace cooper::snapshot {

class LayerIndex {
 public:
  LayerIndex() = default;
  // Sorts by path_less; a later entry of the same path replaces an earlier one.
  explicit LayerIndex(std::vector<Entry> entries);

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(std::string_view path) const;
  // The entries strictly below `directory`, contiguous.
  std::span<const Entry> below(std::string_view directory) const;
  std::uint64_t total_size() const;  // bytes of file contents

  std::string serialize() const;
  static LayerIndex parse(std::string_view bytes);  // throws Error{kCorrupt}

 private:
  std::vector<Entry> entries_;
};

}  // namespace cooper::snapshot
