#include "snapshot/blob_source.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

#include "archive/compression.h"
#include "base/cancellation.h"
#include "base/error.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kMagicSize = 16;

class PrefixedSource final : public base::ByteSource {
 public:
  explicit PrefixedSource(base::ByteSource& rest) : rest_(rest) {
    while (size_ < prefix_.size()) {
      std::size_t count = rest.read(base::MutableByteSpan(prefix_).subspan(size_));
      if (count == 0) break;
      size_ += count;
    }
  }
  base::ByteSpan prefix() const { return base::ByteSpan(prefix_).first(size_); }
  std::size_t read(base::MutableByteSpan buffer) override {
    if (position_ == size_) return rest_.read(buffer);
    std::size_t count = std::min(buffer.size(), size_ - position_);
    std::memcpy(buffer.data(), prefix_.data() + position_, count);
    position_ += count;
    return count;
  }

 private:
  base::ByteSource& rest_;
  std::array<std::byte, kMagicSize> prefix_{};
  std::size_t size_ = 0;
  std::size_t position_ = 0;
};

}  // namespace

VerifiedSource::VerifiedSource(base::ByteSource& source, const oci::Descriptor& blob, base::ByteSink* copy,
                               const std::stop_token& stop)
    : source_(source),
      blob_(blob),
      copy_(copy),
      stop_(stop),
      source_proves_(source.proven_digest() == blob.digest) {}

std::size_t VerifiedSource::read(base::MutableByteSpan buffer) {
  if (at_end_ || buffer.empty()) return 0;
  base::throw_if_stopped(stop_);
  std::size_t count = source_.read(buffer);
  size_ += count;
  if (size_ > blob_.size) {
    throw base::Error(
        base::ErrorKind::kCorrupt,
        fmt::format("blob '{}' is longer than the {} bytes announced", blob_.digest.str(), blob_.size));
  }
  if (count > 0) {
    if (!source_proves_) hasher_.update(buffer.first(count));
    if (copy_ != nullptr) copy_->write(buffer.first(count));
    return count;
  }
  at_end_ = true;
  check_end();
  return 0;
}

void VerifiedSource::check_end() {
  if (size_ < blob_.size) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("blob '{}' ends after {} of {} bytes",
                                                             blob_.digest.str(), size_, blob_.size));
  }
  if (source_proves_) return;
  base::Digest found = hasher_.finish();
  if (found != blob_.digest) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("blob '{}' has the content of '{}'", blob_.digest.str(), found.str()));
  }
}

LayerSource::LayerSource(base::ByteSource& blob) {
  auto prefixed = std::make_unique<PrefixedSource>(blob);
  archive::Compression compression = archive::sniff_compression(prefixed->prefix());
  whole_ = std::move(prefixed);
  if (compression != archive::Compression::kNone)
    decompressor_ = archive::make_decompressor(compression, *whole_);
}

LayerSource::~LayerSource() = default;

std::size_t LayerSource::read(base::MutableByteSpan buffer) {
  return decompressor_ != nullptr ? decompressor_->read(buffer) : whole_->read(buffer);
}

}  // namespace cooper::snapshot
