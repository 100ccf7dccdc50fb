#include "archive/sparse.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace cooper::archive::tar {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t kNumberSize = 12;

std::uint64_t unsigned_number(std::string_view field) {
  std::int64_t value = number(field);
  if (value < 0) throw Error(ErrorKind::kCorrupt, "sparse map has a negative number");
  return static_cast<std::uint64_t>(value);
}

}  // namespace

void add_old_gnu_pairs(std::string_view pairs, SparseMap& map) {
  for (; pairs.size() >= 2 * kNumberSize; pairs.remove_prefix(2 * kNumberSize)) {
    if (pairs.front() == '\0') return;  // unused from here on
    map.extents.push_back({unsigned_number(pairs.substr(0, kNumberSize)),
                           unsigned_number(pairs.substr(kNumberSize, kNumberSize))});
  }
}

std::vector<Extent> parse_extent_list(std::string_view text) {
  std::vector<Extent> extents;
  bool at_offset = true;
  while (!text.empty()) {
    std::size_t comma = std::min(text.find(','), text.size());
    std::uint64_t value = parse_decimal(text.substr(0, comma));
    if (at_offset) {
      extents.push_back({value, 0});
    } else {
      extents.back().length = value;
    }
    at_offset = !at_offset;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  if (!at_offset) throw Error(ErrorKind::kCorrupt, "sparse map has an offset without a length");
  return extents;
}

std::vector<Extent> extents_of_pairs(const std::vector<PaxRecord>& records) {
  std::vector<Extent> extents;
  for (const auto& [key, value] : records) {
    if (key == "GNU.sparse.offset") {
      extents.push_back({parse_decimal(value), 0});
    } else if (key == "GNU.sparse.numbytes") {
      if (extents.empty()) throw Error(ErrorKind::kCorrupt, "sparse map has a length without an offset");
      extents.back().length = parse_decimal(value);
    }
  }
  return extents;
}

void check(const SparseMap& map, std::uint64_t stored) {
  if (map.size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(ErrorKind::kCorrupt, "sparse file is too large");
  }
  std::uint64_t end = 0;
  std::uint64_t total = 0;
  for (const Extent& extent : map.extents) {
    if (extent.offset < end || extent.offset > map.size || extent.length > map.size - extent.offset) {
      throw Error(ErrorKind::kCorrupt, "sparse map is not in order or leaves the file");
    }
    end = extent.offset + extent.length;
    total += extent.length;  // at most map.size, as extents do not overlap
  }
  if (total != stored) throw Error(ErrorKind::kCorrupt, "sparse map does not match the stored data");
}

}  // namespace cooper::archive::tar
