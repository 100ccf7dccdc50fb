// A blob's bytes as the bodies of one or more requests, in one pass as long as nothing has to be sent again.
//
// Private to registry.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "registry/client.h"

namespace cooper::registry {

class BlobParts {
 public:
  explicit BlobParts(const PushBlob& blob) : blob_(blob) {}

  // Bytes [offset, offset + length). Goes on reading where the last part ended; for what has gone by the blob
  // is opened again and skipped. Only the newest part may be read, and not after this.
  std::unique_ptr<base::ByteSource> part(std::uint64_t offset, std::uint64_t length);

 private:
  class Part;
  void seek(std::uint64_t offset);
  std::size_t read(base::MutableByteSpan buffer);

  const PushBlob& blob_;
  std::unique_ptr<base::ByteSource> source_;
  std::uint64_t position_ = 0;
};

}  // namespace cooper::registry
