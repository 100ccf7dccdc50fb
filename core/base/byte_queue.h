// Bytes waiting between a writer and a reader: what was taken makes room for what comes, so memory stays near
// the largest amount that ever waited. Not thread-safe; whoever shares one has a lock anyway.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"

namespace cooper::base {

class ByteQueue {
 public:
  void append(ByteSpan data);
  // Moves up to buffer.size() bytes out, in order; returns how many.
  std::size_t take(MutableByteSpan buffer);
  std::size_t size() const { return bytes_.size() - begin_; }
  bool empty() const { return size() == 0; }
  std::size_t capacity() const { return bytes_.capacity(); }  // bytes of memory held

 private:
  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;  // bytes before this one were taken
};

}  // namespace cooper::base
