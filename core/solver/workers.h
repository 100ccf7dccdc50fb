// Threads that carry out the solver's blocking actions.
//
// Unlike base::ThreadPool the set grows with demand: the limits allow many threads, a cached build needs two.
// A worker that runs out of work stays awake for some microseconds, since in a cached build the next task of
// a chain follows at once and putting a thread to sleep and waking it again would cost more than the task.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cooper::solver {

// Waits for `ready` without sleeping, giving way to other threads, for a few dozen microseconds.
template <typename Ready>
void wait_briefly(const Ready& ready) {
  constexpr std::chrono::microseconds kPatience{40};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!ready() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
}

class Workers {
 public:
  // At most `most` threads, at least one.
  explicit Workers(std::size_t most);
  // Finishes what was posted, then joins.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Queues `task`, which must not throw. Throws std::system_error when not even one thread can be had.
  void post(std::function<void()> task);

 private:
  void work();
  void grow();

  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::atomic<std::size_t> queued_{0};  // queue_.size(), readable without the lock
  std::size_t idle_ = 0;                // threads without a task
  std::size_t asleep_ = 0;              // of these, in wake_
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cooper::solver
