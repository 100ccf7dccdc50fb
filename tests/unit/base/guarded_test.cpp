#include "base/guarded.h"

#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

namespace cooper::base {
namespace {

TEST(BaseGuarded, KeepsThreadsApart) {
  constexpr int kRounds = 10'000;
  Guarded<int> counter;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) counter.with([](int& value) { ++value; });
      });
    }
  }
  EXPECT_EQ(counter.with([](const int& value) { return value; }), 4 * kRounds);
}

TEST(BaseGuarded, HoldsWhatCanOnlyMove) {
  const Guarded<std::unique_ptr<int>> value(std::make_unique<int>(5));
  EXPECT_EQ(value.with([](const std::unique_ptr<int>& held) { return *held; }), 5);
}

TEST(BaseGuarded, UnlocksAfterAnException) {
  Guarded<int> value(1);
  EXPECT_THROW(value.with([](int&) { throw 1; }), int);
  EXPECT_EQ(value.with([](int& held) { return held; }), 1);
}

}  // namespace
}  // namespace cooper::base
