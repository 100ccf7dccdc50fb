// From a layer to a blob of the store: tar, diffID, compression and digest in one pass.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "archive/compression.h"
#include "base/bytes.h"
#include "base/thread_pool.h"
#include "snapshot/file_contents.h"
#include "snapshot/layer.h"
#include "store/store.h"

namespace cooper::snapshot {

struct PackedLayer {
  const LayerIndex& index;
  FileContents& files;
  std::optional<std::int64_t> epoch;  // times above it become it
  archive::CompressionOptions compression;
};

// `tee` (may be null) gets the compressed bytes while they are made, and is finished; compression is done on
// `pool`. The result has no sealing. Throws as pack_layer().
SealedLayer pack_blob(const store::Store& store, const PackedLayer& what, base::ThreadPool& pool,
                      base::ByteSink* tee, const std::stop_token& stop);

}  // namespace cooper::snapshot
