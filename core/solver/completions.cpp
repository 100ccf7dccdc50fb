#include "solver/completions.h"

#include <utility>

#include "solver/workers.h"

namespace cooper::solver {

void Completions::push(Completion completion) {
  std::scoped_lock lock(mutex_);
  queue_.push_back(std::move(completion));
  signalled_ = true;
  // Under the lock, so that the reader cannot end and destroy this object in between.
  if (asleep_) wake_.notify_one();
}

void Completions::interrupt() {
  std::scoped_lock lock(mutex_);
  signalled_ = true;
  if (asleep_) wake_.notify_one();
}

std::vector<Completion> Completions::wait() {
  wait_briefly([this] { return signalled_.load(); });
  std::unique_lock lock(mutex_);
  asleep_ = true;
  wake_.wait(lock, [this] { return signalled_.load(); });
  asleep_ = false;
  signalled_ = false;
  return std::exchange(queue_, {});
}

}  // namespace cooper::solver
