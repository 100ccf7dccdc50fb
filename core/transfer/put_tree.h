// Bringing all that an image's root names to a place. Private to transfer.
#pragma once

#include "transfer/copy.h"
#include "transfer/image_tree.h"

namespace cooper::transfer {

struct PutCounts {
  std::size_t sent = 0;
  std::uint64_t sent_bytes = 0;
};

// Blobs side by side, then documents; not the root. The first failure cancels the rest and is thrown.
PutCounts put_below(const ImageTree& tree, ImagePlace& from, ImagePlace& to, const CopyOptions& options,
                    const std::stop_token& stop);

}  // namespace cooper::transfer
