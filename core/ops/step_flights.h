// Steps that builds of one process are running right now, by cache key: equal steps of several images run
// one after another, so that the second finds what the first has made.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <utility>

#include "base/digest.h"

namespace cooper::ops {

class StepFlights {
 public:
  // Held while a step of this key is under way.
  class Ticket {
   public:
    Ticket(StepFlights& flights, const base::Digest& key) : flights_(&flights), key_(key) {}
    Ticket(Ticket&& other) noexcept : flights_(std::exchange(other.flights_, nullptr)), key_(other.key_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (flights_ != nullptr) flights_->land(key_);
    }

   private:
    StepFlights* flights_;
    base::Digest key_;
  };

  // Waits until nobody else has a ticket for `key`. Throws Error{kCancelled}.
  Ticket enter(const base::Digest& key, const std::stop_token& stop);

 private:
  void land(const base::Digest& key);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<base::Digest> under_way_;
};

}  // namespace cooper::ops
