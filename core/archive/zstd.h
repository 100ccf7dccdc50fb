// zstd (RFC 8878), both ways, through libzstd.
//
// One frame with a content checksum, cut by libzstd into jobs of a fixed size that each see the whole window
// before them. libzstd's own workers compress them, because no public interface gives such jobs to other
// threads, and separate frames cost 5-40 % of size on trees of small files. The bytes do not depend on the
// number of workers, nor on how the input is cut into writes.
#pragma once

#include <memory>

#include "base/bytes.h"

namespace cooper::archive {

// `level` 1-22, or -1 for the default; `workers` at least 1. Throws Error{kUsage} for another level.
std::unique_ptr<base::ByteSink> make_zstd_sink(int level, unsigned workers, base::ByteSink& out);

// Reads all frames of `in`, skipping skippable ones. A frame may ask for a window of at most 128 MiB.
std::unique_ptr<base::ByteSource> make_zstd_source(base::ByteSource& in);

}  // namespace cooper::archive
