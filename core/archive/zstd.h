// zstd (RFC 8878), both ways: blocks become frames with content checksum and size, through libzstd.
#pragma once

#include <cstddef>
#include <memory>

#include "archive/block_compressor.h"
#include "base/bytes.h"

namespace cooper::archive {

// Frames share no history; at 4 MiB (the default level's window is 2 MiB) that costs about 1 % of size.
inline constexpr std::size_t kZstdBlockSize = 4 << 20;

// `level` 1-22, or -1 for the default. Throws Error{kUsage} for another level.
std::unique_ptr<BlockCodec> make_zstd_codec(int level);

// Reads all frames of `in`, skipping skippable ones. A frame may ask for a window of at most 128 MiB.
std::unique_ptr<base::ByteSource> make_zstd_source(base::ByteSource& in);

}  // namespace cooper::archive
