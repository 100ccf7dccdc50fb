// The bytes of a layer's blob, verified as they pass: size at once, digest at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "base/bytes.h"
#include "base/digest.h"
#include "oci/descriptor.h"

namespace cooper::snapshot {

// Reading to the end proves the blob. Throws Error{kCorrupt} naming it when it is too long, too short or has
// another digest, Error{kCancelled} after a stop request.
class VerifiedSource final : public base::ByteSource {
 public:
  // `copy` (may be null) gets what was read.
  VerifiedSource(base::ByteSource& source, const oci::Descriptor& blob, base::ByteSink* copy,
                 const std::stop_token& stop);
  std::size_t read(base::MutableByteSpan buffer) override;
  std::optional<base::Digest> proven_digest() const override { return blob_.digest; }

 private:
  void check_end();

  base::ByteSource& source_;
  const oci::Descriptor& blob_;
  base::ByteSink* copy_;
  std::stop_token stop_;
  const bool source_proves_;  // what it says of its digest, so only the size is left to check
  base::Hasher hasher_;
  std::uint64_t size_ = 0;
  bool at_end_ = false;
};

// The decompressed bytes of `blob`; the compression is told from its first bytes, because media types err.
class LayerSource final : public base::ByteSource {
 public:
  explicit LayerSource(base::ByteSource& blob);
  ~LayerSource() override;
  std::size_t read(base::MutableByteSpan buffer) override;

 private:
  std::unique_ptr<base::ByteSource> whole_;  // the blob with its first bytes put back
  std::unique_ptr<base::ByteSource> decompressor_;
};

}  // namespace cooper::snapshot
