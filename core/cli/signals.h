// SIGINT, SIGTERM and SIGHUP as a stop request: one thread waits for them, all others have them blocked. Make
// it before any other thread.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

#include "os/fd.h"

namespace cooper::cli {

class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Requested by the first signal; a second one ends the process at once.
  std::stop_token token() const { return stop_.get_token(); }
  int last() const { return last_; }  // the signal that came, 0 for none

 private:
  void wait();

  os::Fd signals_;
  os::Fd wake_;
  std::stop_source stop_;
  std::atomic<int> last_ = 0;
  std::jthread thread_;
};

}  // namespace cooper::cli
