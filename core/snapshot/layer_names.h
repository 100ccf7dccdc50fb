// Names in a layer's tar: made relative to its root, and whiteouts told apart. OCI image-spec, layer.md,
// "Whiteouts".
#pragma once

#include <string>
#include <string_view>

namespace cooper::snapshot {

struct LayerName {
  enum class Kind {
    kPlain,
    kWhiteout,  // hides `path` in lower layers
    kOpaque,    // hides all that lower layers have below `path`
    kIgnored,   // bookkeeping of aufs (".wh..wh.plnk"), which every engine skips
  };
  Kind kind = Kind::kPlain;
  std::string path;
};

// Drops leading slashes and "." components. Throws Error{kCorrupt} for a name that leaves the root, is too
// long for the kernel, or holds a whiteout that hides nothing that can exist.
LayerName parse_layer_name(std::string_view tar_path);

// Whether a layer's tar can hold a file of this name: one that reads as a whiteout cannot.
bool is_reserved_name(std::string_view name);

}  // namespace cooper::snapshot
