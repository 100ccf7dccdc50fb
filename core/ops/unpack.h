// ADD of an archive, and contexts that are one: its members become part of the tree that is being built.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "ops/copy.h"
#include "ops/tree_builder.h"
#include "snapshot/tree_view.h"

namespace cooper::ops {

// Unpacks the file `archive` of `source` into the directory `target` of `builder`. Members keep their owner,
// mode and time unless `attributes` sets them. A name with ".." is Error{kCorrupt}; symlinks on the way, of
// the image or of the archive itself, are followed inside the image's root, which nothing can leave. File
// contents wait in `scratch` until the layer is staged.
// What no disk could hold is refused at once: names longer than a path can be, more than 1 GiB of names,
// files that are larger than what is free.
void unpack_into(TreeBuilder& builder, const snapshot::TreeView& source, const snapshot::Entry& archive,
                 const std::string& target, const CopyAttributes& attributes, const std::string& scratch);

// The same for the archive that `in` gives, called `name` in errors. File contents go into `directory`, which
// must be empty, and from where the builder's files are then read.
void unpack_stream(TreeBuilder& builder, base::ByteSource& in, const std::string& name,
                   const std::string& target, const CopyAttributes& attributes, const std::string& directory);

}  // namespace cooper::ops
