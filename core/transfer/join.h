// Several images under one index: what `docker buildx imagetools create` does.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "oci/manifest.h"
#include "transfer/copy.h"
#include "transfer/image_place.h"

namespace cooper::transfer {

struct JoinOptions {
  std::map<std::string, std::string> annotations;  // of the index
  CopyOptions copy;                                // `platforms` does not apply
};

struct JoinedImages {
  oci::Index index;
  std::vector<std::vector<oci::Descriptor>> parts;  // of each source, what it brings to the index
};

// The index over `sources` in their order: an index among them is taken apart, an image that comes twice is
// listed once, one without a platform gets that of its config. Docker's media type when all are of Docker's
// family, else OCI's. Throws Error{kRegistry} for what does not exist, Error{kUsage} for two images of one
// platform, or none at all.
JoinedImages join_images(const std::vector<std::unique_ptr<ImagePlace>>& sources, const JoinOptions& options,
                         const std::stop_token& stop);

// Brings the images to each target, then the index under the target's name. Nothing is compressed again.
void put_index(const JoinedImages& joined, const std::vector<std::unique_ptr<ImagePlace>>& sources,
               const std::vector<std::unique_ptr<ImagePlace>>& targets, const JoinOptions& options,
               const std::stop_token& stop);

}  // namespace cooper::transfer
