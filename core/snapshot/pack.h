// Writes a layer as the tar that an image carries: its index for what is said, and the bytes of its files.
//
// Deterministic: entries in path order, a directory before what is in it, its opaque marker before its
// children, a file before its hardlinks, whole seconds, no names of owners.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/bytes.h"
#include "snapshot/file_contents.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {

// The newest time of `index`; the time of the epoch when it is empty.
std::int64_t newest_time(const LayerIndex& index);
// The time of an entry in the tar.
std::int64_t sealed_time(const Entry& entry, const std::optional<std::int64_t>& epoch);

// Writes the tar of `index`, with the bytes of files from `files`, to `out` without finishing it; times above
// `epoch` become `epoch`. Throws Error{kCorrupt} when a file's size is not what the index says,
// Error{kUnsupported} for a name that a layer cannot hold.
void pack_layer(const LayerIndex& index, FileContents& files, std::optional<std::int64_t> epoch,
                base::ByteSink& out, const std::stop_token& stop);

}  // namespace cooper::snapshot
