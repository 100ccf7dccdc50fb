// gzip and zstd as streams, both ways.
//
// Compression is parallel and deterministic: the input is cut into fixed blocks, each compressed
// independently of how many threads there are, so the same bytes in give the same bytes out on any machine.
// gzip is written by ISA-L as one member with zlib-compatible blocks (RFC 1952, mtime 0, no name), or as
// several members, which every reader of layers accepts; zstd as frames (RFC 8878) by libzstd. Memory: at
// most (threads + 2) blocks each way.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/thread_pool.h"
#include "oci/media_type.h"

namespace cooper::archive {

using Compression = oci::Compression;

struct CompressionOptions {
  Compression type = Compression::kGzip;
  int level = -1;  // -1: the default of the type; gzip 0-9, zstd 1-22
};

// A sink that writes compressed bytes to `out`. finish() writes the trailer and finishes `out`. With a pool,
// blocks are compressed on it; without, on the calling thread. `pool` may be shared; the caller must not be
// one of its tasks.
std::unique_ptr<base::ByteSink> make_compressor(const CompressionOptions& options, base::ByteSink& out,
                                                base::ThreadPool* pool);

// A source of the decompressed bytes of `in`. Reads all members or frames up to the end of `in`. Throws
// Error{kCorrupt} on a malformed or truncated stream.
std::unique_ptr<base::ByteSource> make_decompressor(Compression type, base::ByteSource& in);

// The compression that the first bytes of a stream show (magic numbers), kNone when none is known.
Compression sniff_compression(base::ByteSpan first_bytes);

}  // namespace cooper::archive
