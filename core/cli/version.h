// The name and version that cooper says of itself.
#pragma once

namespace cooper::cli {

inline constexpr const char* kVersion = "cooper 0.1.0";

}  // namespace cooper::cli
