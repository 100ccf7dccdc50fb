// gzip and zstd as streams, both ways.
//
// Compression is parallel and deterministic: the same bytes in give the same bytes out on any machine and for
// any number of threads, because the input is cut at fixed places. gzip is written as members of 1 MiB (RFC
// 1952, mtime 0, no name), which every reader of layers accepts; zstd as one frame (RFC 8878) with a content
// checksum. Memory: at most (threads + 2) blocks each way, a block being 1 MiB for gzip and 4 MiB for zstd.
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

  bool operator==(const CompressionOptions&) const = default;
};

// A sink that writes compressed bytes to `out`. finish() writes the trailer and finishes `out`. With a pool,
// blocks are compressed on it (zstd: on as many threads of its own) and on the calling thread while it would
// wait; without, on the calling thread (zstd: on one of its own). `pool` may be shared, busy or blocked.
// `out` and `pool` must outlive the sink. Throws Error{kUsage} for a level that the type does not have.
std::unique_ptr<base::ByteSink> make_compressor(const CompressionOptions& options, base::ByteSink& out,
                                                base::ThreadPool* pool);

// A source of the decompressed bytes of `in`. Reads all members or frames up to the end of `in`. Throws
// Error{kCorrupt} on a malformed or truncated stream.
std::unique_ptr<base::ByteSource> make_decompressor(Compression type, base::ByteSource& in);

// The compression that the first bytes of a stream show (magic numbers), kNone when none is known.
Compression sniff_compression(base::ByteSpan first_bytes);

}  // namespace cooper::archive
