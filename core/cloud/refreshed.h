// A value that expires, fetched by one thread for all who ask.
//
// It is renewed five minutes before it expires, or at half of a shorter life; a renewal that fails while the
// old value is still good is tried again half a minute later. Thread-safe.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "cloud/timestamp.h"

namespace cooper::cloud {

// Value has `std::optional<TimePoint> expires`; nullopt: never.
template <typename Value>
class Refreshed {
 public:
  using Fetch = std::function<Value(const std::stop_token&)>;

  Refreshed(std::function<TimePoint()> now, Fetch fetch) : now_(std::move(now)), fetch_(std::move(fetch)) {}

  // Throws what the fetch threw, also to those who waited for it.
  Value get(const std::stop_token& stop);
  // The service refused the value before its time: the next get() fetches.
  void forget() {
    std::scoped_lock lock(mutex_);
    value_.reset();
  }

 private:
  bool is_usable() const { return value_ && (!value_->expires || now_() < *value_->expires); }
  Value fetch_and_keep(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  void keep(Value value);

  const std::function<TimePoint()> now_;
  const Fetch fetch_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Value> value_;
  TimePoint renew_at_;
  bool fetching_ = false;
  std::optional<base::Error> failure_;  // of the last fetch
};

template <typename Value>
Value Refreshed<Value>::get(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (value_ && now_() < renew_at_) return *value_;
    if (!fetching_) return fetch_and_keep(lock, stop);
    changed_.wait(lock, stop, [&] { return !fetching_; });
    base::throw_if_stopped(stop);
    // The fetch that was waited for has failed for both, unless only its caller gave up.
    if (failure_ && failure_->kind() != base::ErrorKind::kCancelled) throw base::Error(*failure_);
  }
}

template <typename Value>
Value Refreshed<Value>::fetch_and_keep(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  fetching_ = true;
  failure_.reset();
  lock.unlock();
  std::optional<Value> fetched;
  std::optional<base::Error> failure;
  try {
    fetched = fetch_(stop);
  } catch (const base::Error& error) {
    failure = error;
  } catch (const std::exception& error) {
    failure = base::Error(base::ErrorKind::kInternal, error.what());
  }
  lock.lock();
  fetching_ = false;
  changed_.notify_all();
  if (fetched) {
    keep(std::move(*fetched));
  } else if (is_usable() && failure->kind() != base::ErrorKind::kCancelled) {
    renew_at_ = now_() + std::chrono::seconds(30);
  } else {
    failure_ = failure;
    throw base::Error(*failure);
  }
  return *value_;
}

template <typename Value>
void Refreshed<Value>::keep(Value value) {
  value_ = std::move(value);
  renew_at_ = TimePoint::max();
  if (!value_->expires) return;
  const auto life = *value_->expires - now_();
  renew_at_ = now_() + std::max(life - std::chrono::minutes(5), life / 2);
}

}  // namespace cooper::cloud
