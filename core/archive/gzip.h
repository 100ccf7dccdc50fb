// gzip (RFC 1952), both ways: blocks become members through libdeflate, members are read through ISA-L.
//
// Why two libraries: ISA-L inflates fastest, but what its deflate writes depends on the instruction set of
// the machine (level 3 gives three different results on SSE, AVX2 and AVX-512), which would give one image
// another digest on each runner, and it is 10-20 % larger than zlib's on text. libdeflate gives the same
// bytes everywhere.
#pragma once

#include <cstddef>
#include <memory>

#include "archive/block_compressor.h"
#include "base/bytes.h"

namespace cooper::archive {

inline constexpr std::size_t kGzipBlockSize = 1 << 20;

// Throws Error{kUsage} unless `level` is 0-9, or -1 for the default.
void check_gzip_level(int level);
// Writes one member a block: mtime 0, no name.
std::unique_ptr<BlockCodec> make_gzip_codec(int level);

// Reads all members of `in`; zeros after the last one are padding. CRC and length of each member are checked.
std::unique_ptr<base::ByteSource> make_gzip_source(base::ByteSource& in);

}  // namespace cooper::archive
