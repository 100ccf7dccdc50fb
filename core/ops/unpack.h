// ADD of a local archive: its members become part of the tree that is being built.
#pragma once

#include <memory>
#include <string>

#include "ops/copy.h"
#include "ops/tree_builder.h"
#include "snapshot/tree_view.h"

namespace cooper::ops {

// Unpacks the file `archive` of `source` into the directory `target` of `builder`. Members keep their owner,
// mode and time unless `attributes` sets them. A name with ".." is Error{kCorrupt}; symlinks on the way, of
// the image or of the archive itself, are followed inside the image's root, which nothing can leave. File
// contents wait in `scratch` until the layer is staged.
void unpack_into(TreeBuilder& builder, const snapshot::TreeView& source, const snapshot::Entry& archive,
                 const std::string& target, const CopyAttributes& attributes, const std::string& scratch);

}  // namespace cooper::ops
