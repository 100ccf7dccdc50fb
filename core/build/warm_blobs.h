// Blobs that somebody fetched before this build, into an OCI image layout that is only read: `cooper warmer`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"

namespace cooper::build {

class WarmBlobs {
 public:
  explicit WarmBlobs(std::vector<std::string> layouts) : layouts_(std::move(layouts)) {}

  // Null where no layout has the blob as its digest says it is: it is read once for that, so that a damaged
  // one costs a download and not the build.
  std::unique_ptr<base::ByteSource> open(const base::Digest& digest) const;

 private:
  const std::vector<std::string> layouts_;
};

}  // namespace cooper::build
