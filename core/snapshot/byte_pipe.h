// A bounded pipe of bytes between two threads: what one decompresses, the other unpacks.
//
// Either side may give up: the writer with an exception that the reader gets, the reader by abandon(), after
// which writing throws Error{kCancelled}. Holds at most kMaximumChunks writes' worth of bytes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <vector>

#include "base/bytes.h"

namespace cooper::snapshot {

class BytePipe final : public base::ByteSink, public base::ByteSource {
 public:
  void write(base::ByteSpan data) override;
  void finish() override;               // the reader sees the end after what was written
  void fail(std::exception_ptr error);  // the reader's next read throws it

  std::size_t read(base::MutableByteSpan buffer) override;
  void abandon();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::vector<std::byte>> chunks_;
  std::vector<std::vector<std::byte>> spare_;
  std::vector<std::byte> current_;  // the reader's own
  std::size_t position_ = 0;
  bool finished_ = false;
  bool abandoned_ = false;
  std::exception_ptr error_;
};

}  // namespace cooper::snapshot
