// A compiled pattern: items that are matched one after the other.
//
// There is no alternation and no nesting in what globs compile to, so a list is all that is needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "context/rune_set.h"

namespace cooper::context {

enum class Op : std::uint8_t {
  kSet,           // one rune of `set`
  kStar,          // any number of them
  kDirectories,   // "(.*/)?": this item may be skipped, and leads into the next
  kInDirectory,   // its ".*/"
  kBegin,         // ^ \A
  kEnd,           // $ \z
  kWordBoundary,  // \b
  kNoWordBoundary,
};

struct Item {
  Op op = Op::kSet;
  RuneSet set;
};

struct Program {
  std::vector<Item> items;
  std::size_t second_start = 0;  // a match may begin at this item too
};

// Programs that compare bytes: the whole text, its beginning, its end ("/a" at the end also matches "a"
// alone).
Program exact_program(std::string_view text);
Program prefix_program(std::string_view text);
Program suffix_program(std::string_view text);

}  // namespace cooper::context
