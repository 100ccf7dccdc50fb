// The stream under a tar reader: blocks and content, read ahead through one buffer, so that small entries
// cost no call of their own to the source.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "archive/tar_format.h"
#include "base/bytes.h"
#include "base/error.h"

namespace cooper::archive::tar {

class Blocks {
 public:
  explicit Blocks(base::ByteSource& in) : in_(in), buffer_(kBufferSize) {}

  // False at a clean end of the stream; throws Error{kCorrupt} when it ends within a block.
  bool next(Block& block) {
    std::size_t got = 0;
    while (got < block.size()) {
      std::size_t count = read(std::as_writable_bytes(std::span(block)).subspan(got));
      if (count == 0) break;
      got += count;
    }
    if (got != 0 && got != block.size())
      throw base::Error(base::ErrorKind::kCorrupt, "archive is truncated within a header");
    return got != 0;
  }

  // Up to out.size() bytes; 0 at the end.
  std::size_t read(base::MutableByteSpan out) {
    if (begin_ == end_) {
      if (out.size() >= kBufferSize) return in_.read(out);
      begin_ = 0;
      end_ = in_.read(buffer_);
    }
    std::size_t count = std::min(out.size(), end_ - begin_);
    if (count > 0) std::memcpy(out.data(), buffer_.data() + begin_, count);
    begin_ += count;
    return count;
  }

  // Drops `count` bytes, or all there are; returns how many bytes there were.
  std::uint64_t skip(std::uint64_t count) {
    std::uint64_t skipped = 0;
    while (skipped < count) {
      if (begin_ == end_) {
        begin_ = 0;
        end_ = in_.read(buffer_);
        if (end_ == 0) break;
      }
      std::size_t step = std::min<std::uint64_t>(count - skipped, end_ - begin_);
      begin_ += step;
      skipped += step;
    }
    return skipped;
  }

 private:
  static constexpr std::size_t kBufferSize = 128 << 10;

  base::ByteSource& in_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace cooper::archive::tar
