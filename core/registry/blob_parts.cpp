#include "registry/blob_parts.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/error.h"

namespace cooper::registry {

namespace {

constexpr std::size_t kSkipBuffer = 256 << 10;

}  // namespace

class BlobParts::Part final : public base::ByteSource {
 public:
  Part(BlobParts& parts, std::uint64_t length) : parts_(parts), left_(length) {}

  std::size_t read(base::MutableByteSpan buffer) override {
    if (left_ == 0 || buffer.empty()) return 0;
    std::size_t length = parts_.read(buffer.first(std::min<std::uint64_t>(buffer.size(), left_)));
    left_ -= length;
    return length;
  }

 private:
  BlobParts& parts_;
  std::uint64_t left_;
};

std::unique_ptr<base::ByteSource> BlobParts::part(std::uint64_t offset, std::uint64_t length) {
  seek(offset);
  return std::make_unique<Part>(*this, length);
}

void BlobParts::seek(std::uint64_t offset) {
  if (!source_ || position_ > offset) {
    source_ = blob_.open();
    position_ = 0;
  }
  std::vector<std::byte> skipped(position_ < offset ? kSkipBuffer : 0);
  while (position_ < offset) {
    read(base::MutableByteSpan(skipped).first(std::min<std::uint64_t>(skipped.size(), offset - position_)));
  }
}

std::size_t BlobParts::read(base::MutableByteSpan buffer) {
  std::size_t length = source_->read(buffer);
  // Waiting for bytes that never come would look like the registry's fault.
  if (length == 0) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("blob '{}' ended after {} of {} bytes while it was sent",
                                  blob_.descriptor.digest.str(), position_, blob_.descriptor.size));
  }
  position_ += length;
  return length;
}

}  // namespace cooper::registry
