// Reads on a thread of its own what the caller is going to read: one half of the work on a stream is done
// while the other half is.
#pragma once

#include <exception>
#include <functional>
#include <thread>

#include "snapshot/byte_pipe.h"

namespace cooper::snapshot {

class ReadAhead final : public base::ByteSource {
 public:
  // `produce` runs on the new thread and writes what is to be read; returning is the end. What it refers to
  // must outlive this object or stop(). What it throws, the next read throws; its next write after stop()
  // throws Error{kCancelled}.
  explicit ReadAhead(std::function<void(base::ByteSink&)> produce);
  ~ReadAhead() override { stop(); }

  std::size_t read(base::MutableByteSpan buffer) override { return pipe_.read(buffer); }
  // Nobody reads any more. Returns when the thread has ended.
  void stop();
  // stop(), then throws what the producer had thrown by then, read or not, unless it was Error{kCancelled}.
  void stop_and_rethrow();

 private:
  BytePipe pipe_;
  std::exception_ptr failure_;  // the thread's until it has ended
  std::jthread thread_;
};

}  // namespace cooper::snapshot
