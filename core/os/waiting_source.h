// Reads a descriptor that may have nothing to give for long: a pipe, a terminal. A stop request ends the
// wait.
#pragma once

#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "os/fd.h"

namespace cooper::os {

class WaitingSource final : public base::ByteSource {
 public:
  // Borrows `fd`, which may be non-blocking; `name` is for errors.
  WaitingSource(int fd, std::string name, std::stop_token stop);
  // Throws Error{kCancelled} after a stop request.
  std::size_t read(base::MutableByteSpan buffer) override;

 private:
  void wait();

  int fd_;
  std::string name_;
  std::stop_token stop_;
  Fd wake_;  // readable once a stop was requested
};

}  // namespace cooper::os
