// Where the data of a sparse file lies, in the four forms that tars use: old GNU, and GNU.sparse 0.0, 0.1
// and 1.0 in pax (GNU tar manual, "Storing Sparse Files").
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "archive/tar_format.h"

namespace cooper::archive::tar {

struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Extents in order, not overlapping, inside `size`; everything between them is zeros.
struct SparseMap {
  std::uint64_t size = 0;  // of the file with its holes
  std::vector<Extent> extents;
};

// The pairs of an old GNU header or of one of its extension blocks are added to `map`.
void add_old_gnu_pairs(std::string_view pairs, SparseMap& map);
// GNU.sparse 0.1: "offset,length,offset,length…".
std::vector<Extent> parse_extent_list(std::string_view text);
// GNU.sparse 0.0: the keys offset and numbytes repeated in turn.
std::vector<Extent> extents_of_pairs(const std::vector<PaxRecord>& records);
// Throws Error{kCorrupt} unless the map keeps its invariants and holds `stored` bytes of data.
void check(const SparseMap& map, std::uint64_t stored);

}  // namespace cooper::archive::tar
