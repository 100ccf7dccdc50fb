// Unpacks a layer's tar into a tree and an index.
//
// The tar is hostile. Names are taken relative to the layer's root, and one that leaves it is an error. A
// parent that is a symlink of this same layer is resolved inside the layer, and the index says where the
// entry really is. Nothing outside the tree is read or written. OCI image-spec, layer.md.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "snapshot/form.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {

// May change an entry's time before it is written.
using TimeRestorer = std::function<void(Entry&)>;

// `tree` is an empty directory, `restore` may be empty. Throws Error{kCorrupt} naming the entry, Error{kIo};
// the tree is then to be thrown away. Memory grows with the number of entries, not with their size.
LayerIndex apply_layer(base::ByteSource& tar, const std::string& tree, Form form, const TimeRestorer& restore,
                       const std::stop_token& stop);

}  // namespace cooper::snapshot
