// Whiteouts in layer tars: "dir/.wh.name" hides name, "dir/.wh..wh..opq" hides all that lower layers have in
// dir. OCI image-spec, layer.md, "Whiteouts".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cooper::archive {

enum class WhiteoutKind { kNone, kFile, kOpaque };

struct Whiteout {
  WhiteoutKind kind = WhiteoutKind::kNone;
  std::string path;  // what is hidden (kFile) or the directory (kOpaque)
};

// kNone for a path whose last component is no whiteout. Throws Error{kCorrupt} for one of "", "." or "..".
Whiteout parse_whiteout(std::string_view tar_path);
std::string whiteout_path(std::string_view hidden_path);  // "a/b" → "a/.wh.b"
std::string opaque_marker(std::string_view directory);    // "a" → "a/.wh..wh..opq"

}  // namespace cooper::archive
