// From a blob to a tree and its index, verified on the way. One thread reads, verifies and decompresses, the
// caller's unpacks.
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

// `copy` (may be null) gets the compressed bytes. Throws Error{kCorrupt} naming the blob when it is not what
// `sealed` says, and as apply_layer(); the tree is then to be thrown away.
LayerIndex unpack_blob(base::ByteSource& blob, const SealedLayer& sealed, base::ByteSink* copy,
                       const UnpackPlace& place, const std::stop_token& stop);

}  // namespace cooper::snapshot
