// What workers report to the scheduler's thread: a queue with one reader, which takes all that is there at
// once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

#include "solver/state.h"

namespace cooper::solver {

// The end of one action: its event, or why there is none.
struct Completion {
  int vertex = -1;
  Phase phase = Phase::kRunning;  // that the action belonged to
  std::size_t lane = 0;           // whose slot it frees
  std::optional<SolveEvent> event;
  std::exception_ptr failure;
};

class Completions {
 public:
  void push(Completion completion);
  // Makes wait() return once, now or the next time, even if there is nothing.
  void interrupt();
  // Waits until there is something or interrupt() was called, then takes everything.
  std::vector<Completion> wait();

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Completion> queue_;
  std::atomic<bool> signalled_{false};  // the queue holds something, or an interruption
  bool asleep_ = false;
};

}  // namespace cooper::solver
