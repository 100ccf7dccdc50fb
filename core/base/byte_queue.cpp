#include "base/byte_queue.h"

#include <algorithm>
#include <cstring>

namespace cooper::base {

void ByteQueue::append(ByteSpan data) {
  // Moving the rest to the front costs no more than the taking of what was before it did.
  if (begin_ >= size()) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  bytes_.insert(bytes_.end(), data.begin(), data.end());
}

std::size_t ByteQueue::take(MutableByteSpan buffer) {
  std::size_t length = std::min(buffer.size(), size());
  if (length > 0) std::memcpy(buffer.data(), bytes_.data() + begin_, length);
  begin_ += length;
  return length;
}

}  // namespace cooper::base
