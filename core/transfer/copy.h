// Images from one place to another as they are: no byte of a layer is compressed again, and digests stay.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "oci/platform.h"
#include "transfer/image_place.h"

namespace cooper::transfer {

struct CopyOptions {
  std::vector<oci::Platform> platforms;  // of an index only these; empty: all of it
  std::size_t parallel = 4;              // blobs at a time
  bool referrers = false;                // also what refers to the image and its parts, and to those
  // Hears of each blob once it is there; from any thread. May be empty.
  std::function<void(const oci::Descriptor& blob, registry::BlobPush how)> on_blob;
};

struct CopyResult {
  oci::Descriptor image;         // media type, digest and size of what was written
  std::size_t blobs = 0;         // of the image
  std::size_t referrers = 0;     // that came along
  std::size_t sent = 0;          // of these, whose bytes were moved
  std::uint64_t sent_bytes = 0;  // compressed
};

// Blobs first, then the documents that name them, the name last: nothing refers to what is not there yet.
// Places that have the image already get the name only. Throws what the places throw.
CopyResult copy_image(ImagePlace& from, ImagePlace& to, const CopyOptions& options,
                      const std::stop_token& stop);

}  // namespace cooper::transfer
