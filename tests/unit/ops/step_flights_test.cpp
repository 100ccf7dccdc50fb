#include "ops/step_flights.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::ops {
namespace {

using support::error_of;

TEST(OpsStepFlights, OneAtATimeForAKeyAndNoWaitForAnother) {
  StepFlights flights;
  std::optional<StepFlights::Ticket> first(flights.enter(base::sha256("a"), {}));
  StepFlights::Ticket other = flights.enter(base::sha256("b"), {});
  std::atomic<bool> landed = false;
  std::jthread second([&] {
    StepFlights::Ticket ticket = flights.enter(base::sha256("a"), {});
    EXPECT_TRUE(landed);
  });
  landed = true;
  first.reset();
}

TEST(OpsStepFlights, WaitingEndsWhenItIsTold) {
  StepFlights flights;
  StepFlights::Ticket ticket = flights.enter(base::sha256("a"), {});
  std::stop_source stop;
  std::jthread teller([&] { stop.request_stop(); });
  EXPECT_EQ(error_of([&] { flights.enter(base::sha256("a"), stop.get_token()); }).kind(),
            base::ErrorKind::kCancelled);
}

}  // namespace
}  // namespace cooper::ops
