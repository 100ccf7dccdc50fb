#include "snapshot/byte_pipe.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

constexpr std::size_t kMaximumChunks = 8;

}  // namespace

void BytePipe::write(base::ByteSpan data) {
  if (data.empty()) return;
  std::vector<std::byte> chunk;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return chunks_.size() < kMaximumChunks || abandoned_; });
    if (abandoned_) throw base::Error(base::ErrorKind::kCancelled, "nobody reads this layer any more");
    // Used again, because the pages of fresh large buffers cost more than the copy.
    if (!spare_.empty()) {
      chunk = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  chunk.assign(data.begin(), data.end());
  std::scoped_lock lock(mutex_);
  chunks_.push_back(std::move(chunk));
  changed_.notify_all();
}

void BytePipe::finish() {
  std::scoped_lock lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

void BytePipe::fail(std::exception_ptr error) {
  std::scoped_lock lock(mutex_);
  error_ = std::move(error);
  changed_.notify_all();
}

void BytePipe::abandon() {
  std::scoped_lock lock(mutex_);
  abandoned_ = true;
  changed_.notify_all();
}

std::size_t BytePipe::read(base::MutableByteSpan buffer) {
  if (position_ == current_.size()) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !chunks_.empty() || finished_ || error_; });
    if (error_) std::rethrow_exception(error_);
    if (chunks_.empty()) return 0;
    if (current_.capacity() > 0) spare_.push_back(std::move(current_));
    current_ = std::move(chunks_.front());
    chunks_.pop_front();
    position_ = 0;
    changed_.notify_all();
  }
  std::size_t count = std::min(buffer.size(), current_.size() - position_);
  std::memcpy(buffer.data(), current_.data() + position_, count);
  position_ += count;
  return count;
}

}  // namespace cooper::snapshot
