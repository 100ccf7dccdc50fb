// From a blob to a tree and its index, verified on the way. One thread reads and verifies, one decompresses,
// the caller's unpacks.
#pragma once

#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "snapshot/apply.h"
#include "snapshot/form.h"
#include "snapshot/layer.h"

namespace cooper::snapshot {

struct UnpackPlace {
  const std::string& tree;  // an empty directory
  Form form;
  TimeRestorer restore;  // may be empty
};

// The tar of `sealed` into `out`; `copy` (may be null) gets the compressed bytes. Throws Error{kCorrupt}
// naming the blob when it is not what `sealed` says: both digests are proved when this returns.
// `blob` and `copy` are used on another thread meanwhile.
void decompress_verified(base::ByteSource& blob, const SealedLayer& sealed, base::ByteSink* copy,
                         base::ByteSink& out, const std::stop_token& stop);

// The same into a tree. Throws as apply_layer(), too; the tree is then to be thrown away.
LayerIndex unpack_blob(base::ByteSource& blob, const SealedLayer& sealed, base::ByteSink* copy,
                       const UnpackPlace& place, const std::stop_token& stop);

}  // namespace cooper::snapshot
