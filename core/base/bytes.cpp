#include "base/bytes.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <vector>

#include "base/error.h"

namespace cooper::base {
namespace {

constexpr std::size_t kCopyBuffer = 256 << 10;

}  // namespace

std::size_t MemorySource::read(MutableByteSpan buffer) {
  std::size_t count = std::min(buffer.size(), rest_.size());
  if (count > 0) std::memcpy(buffer.data(), rest_.data(), count);
  rest_ = rest_.subspan(count);
  return count;
}

void StringSink::write(ByteSpan data) {
  text_.append(reinterpret_cast<const char*>(data.data()), data.size());
}

void HashingSink::write(ByteSpan data) {
  hasher_.update(data);
  size_ += data.size();
  if (next_ != nullptr) next_->write(data);
}

void HashingSink::finish() {
  if (next_ != nullptr) next_->finish();
}

Digest HashingSink::digest() {
  return hasher_.finish();
}

std::size_t HashingSource::read(MutableByteSpan buffer) {
  std::size_t count = source_.read(buffer);
  hasher_.update(buffer.first(count));
  size_ += count;
  return count;
}

Digest HashingSource::digest() {
  return hasher_.finish();
}

std::uint64_t copy_all(ByteSource& source, ByteSink& sink) {
  std::vector<std::byte> buffer(kCopyBuffer);
  std::uint64_t total = 0;
  while (std::size_t count = source.read(buffer)) {
    sink.write(ByteSpan(buffer).first(count));
    total += count;
  }
  return total;
}

std::string read_all(ByteSource& source, std::size_t limit, std::string_view what) {
  std::string text;
  std::vector<std::byte> buffer(64 << 10);
  while (std::size_t count = source.read(buffer)) {
    if (text.size() + count > limit) {
      throw Error(ErrorKind::kCorrupt, fmt::format("{} is larger than {} bytes", what, limit));
    }
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
  }
  return text;
}

}  // namespace cooper::base
