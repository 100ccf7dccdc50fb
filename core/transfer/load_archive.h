// Images into the store from what other tools wrote: `docker save`, `podman save`, skopeo, buildx, cooper.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "store/store.h"

namespace cooper::transfer {

struct LoadedImage {
  std::string name;     // the whole reference; "" for one without a name
  base::Digest digest;  // of manifest or index
};

struct LoadOptions {
  std::string what;  // the archive, for errors
  std::string name;  // for an image to which the archive gives none: a whole reference, or ""
};

// A tar, compressed or not: an OCI image layout, or the older form with manifest.json alone. Digests of a
// layout stay; for the older form a manifest is made over its layers as they are. Of an index whose images
// are not all there the others are taken. Throws Error{kCorrupt} for a damaged archive, Error{kUsage} for one
// that holds no image.
std::vector<LoadedImage> load_archive(const std::shared_ptr<store::Store>& store, base::ByteSource& in,
                                      const LoadOptions& options, const std::stop_token& stop);

// The same from a layout that is a directory.
std::vector<LoadedImage> load_directory(const std::shared_ptr<store::Store>& store, const std::string& path,
                                        const LoadOptions& options, const std::stop_token& stop);

}  // namespace cooper::transfer
