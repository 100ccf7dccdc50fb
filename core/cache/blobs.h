// Where backends get the bytes of layers that they are to keep.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "oci/descriptor.h"
#include "oci/reference.h"

namespace cooper::cache {

struct BlobProvider {
  // The compressed bytes. Throws base::Error when they cannot be had. May be called from several threads.
  std::function<std::unique_ptr<base::ByteSource>(const oci::Descriptor&, const std::stop_token&)> open;
  // Whether the repository is known to have the blob; may be empty.
  std::function<bool(const oci::Descriptor&, const oci::Reference& repository)> is_in = {};
  // Another repository on the host of `target` that is known to have the blob, "" for none; may be empty.
  std::function<std::string(const oci::Descriptor&, const oci::Reference& target)> repository = {};
};

}  // namespace cooper::cache
