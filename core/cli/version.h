// Which cooper this is.
#pragma once

namespace cooper::cli {

inline constexpr const char* kVersionNumber = "0.1.0";

}  // namespace cooper::cli
