#include "solver/workers.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace cooper::solver {

Workers::Workers(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}

Workers::~Workers() {
  {
    std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::post(std::function<void()> task) {
  std::scoped_lock lock(mutex_);
  queue_.push_back(std::move(task));
  queued_ = queue_.size();
  if (queue_.size() > idle_ && threads_.size() < most_) grow();
  // Those that are awake see the task by themselves.
  if (asleep_ > 0 && queue_.size() > idle_ - asleep_) wake_.notify_one();
}

void Workers::grow() {
  try {
    threads_.emplace_back([this] { work(); });
    ++idle_;
  } catch (const std::system_error&) {
    // The machine's limit on threads: fewer do as well, as no task waits for another.
    if (!threads_.empty()) return;
    queue_.pop_back();
    queued_ = queue_.size();
    throw;
  }
}

void Workers::work() {
  while (true) {
    wait_briefly([this] { return queued_ > 0; });
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      ++asleep_;
      wake_.wait(lock, [this] { return !queue_.empty() || closing_; });
      --asleep_;
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
      queued_ = queue_.size();
      --idle_;
    }
    task();
    std::scoped_lock lock(mutex_);
    ++idle_;
  }
}

}  // namespace cooper::solver
