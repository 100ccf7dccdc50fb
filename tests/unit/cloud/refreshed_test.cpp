#include "cloud/refreshed.h"

#include <gtest/gtest.h>
#include <latch>
#include <thread>

#include "support/error_of.h"

namespace cooper::cloud {

namespace {

struct Value {
  int number = 0;
  std::optional<TimePoint> expires;
};

using std::chrono::minutes;

// A value that lives for an hour, its fetches counted.
struct Clockwork {
  TimePoint now{};
  std::atomic<int> fetches = 0;
  std::optional<base::Error> failure;
  minutes life{60};
  Refreshed<Value> value{[this] { return now; },
                         [this](const std::stop_token&) {
                           if (failure) throw base::Error(*failure);
                           return Value{++fetches, now + life};
                         }};
};

}  // namespace

TEST(CloudRefreshed, IsFetchedFiveMinutesBeforeItExpires) {
  Clockwork clock;
  EXPECT_EQ(clock.value.get({}).number, 1);
  clock.now += minutes(54);
  EXPECT_EQ(clock.value.get({}).number, 1);
  clock.now += minutes(1);
  EXPECT_EQ(clock.value.get({}).number, 2);
}

TEST(CloudRefreshed, KeepsAShortLifeForItsHalf) {
  Clockwork clock;
  clock.life = minutes(4);
  EXPECT_EQ(clock.value.get({}).number, 1);
  clock.now += minutes(1);
  EXPECT_EQ(clock.value.get({}).number, 1);
  clock.now += minutes(1);
  EXPECT_EQ(clock.value.get({}).number, 2);
}

TEST(CloudRefreshed, IsFetchedOnceForAllThreads) {
  constexpr int kThreads = 8;
  std::latch all(kThreads);
  std::atomic<int> fetches = 0;
  Refreshed<Value> value([] { return TimePoint(); },
                         [&](const std::stop_token&) {
                           return Value{++fetches, {}};
                         });
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        all.arrive_and_wait();
        EXPECT_EQ(value.get({}).number, 1);
      });
    }
  }
  EXPECT_EQ(fetches, 1);
}

TEST(CloudRefreshed, LastsAsLongAsItIsGoodWhenARenewalFails) {
  Clockwork clock;
  EXPECT_EQ(clock.value.get({}).number, 1);
  clock.failure = base::Error(base::ErrorKind::kAuth, "no more");
  clock.now += minutes(57);
  EXPECT_EQ(clock.value.get({}).number, 1);
  clock.now += minutes(3);
  EXPECT_EQ(support::error_of([&] { clock.value.get({}); }).message(), "no more");
  clock.failure.reset();
  EXPECT_EQ(clock.value.get({}).number, 2);
}

TEST(CloudRefreshed, IsFetchedAnewOnceForgotten) {
  Clockwork clock;
  EXPECT_EQ(clock.value.get({}).number, 1);
  clock.value.forget();
  EXPECT_EQ(clock.value.get({}).number, 2);
}

}  // namespace cooper::cloud
