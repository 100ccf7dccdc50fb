// Sets and maps of paths in the order of an index: parents before what is below them (path_less()).
#pragma once

#include <string_view>

#include "snapshot/entry.h"

namespace cooper::snapshot {

struct PathLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return path_less(a, b); }
};

}  // namespace cooper::snapshot
