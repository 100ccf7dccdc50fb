#include "ops/step_flights.h"

#include "base/cancellation.h"

namespace cooper::ops {

StepFlights::Ticket StepFlights::enter(const base::Digest& key, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [&] { return !under_way_.contains(key); });
  base::throw_if_stopped(stop);
  under_way_.insert(key);
  return {*this, key};
}

void StepFlights::land(const base::Digest& key) {
  std::scoped_lock lock(mutex_);
  under_way_.erase(key);
  changed_.notify_all();
}

}  // namespace cooper::ops
