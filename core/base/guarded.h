// A value that can only be reached while its mutex is held. Never hold two at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace cooper::base {

template <typename T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  // Calls `action` with the value under the lock and returns its result.
  template <typename Action>
  decltype(auto) with(Action&& action) {
    std::scoped_lock lock(mutex_);
    return std::forward<Action>(action)(value_);
  }
  template <typename Action>
  decltype(auto) with(Action&& action) const {
    std::scoped_lock lock(mutex_);
    return std::forward<Action>(action)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace cooper::base
