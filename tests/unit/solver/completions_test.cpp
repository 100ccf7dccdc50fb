#include "solver/completions.h"

#include <gtest/gtest.h>
#include <thread>

namespace cooper::solver {
namespace {

Completion of(int vertex) {
  return Completion{vertex, Phase::kRunning, 0, std::nullopt, nullptr};
}

TEST(SolverCompletions, GivesAllThatIsThereInOrder) {
  Completions completions;
  completions.push(of(1));
  completions.push(of(2));
  const std::vector<Completion> taken = completions.wait();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].vertex, 1);
  EXPECT_EQ(taken[1].vertex, 2);
}

TEST(SolverCompletions, WaitsForTheFirst) {
  Completions completions;
  const std::jthread writer([&] { completions.push(of(7)); });
  const std::vector<Completion> taken = completions.wait();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].vertex, 7);
}

TEST(SolverCompletions, AnInterruptionEndsOneWait) {
  Completions completions;
  completions.interrupt();
  EXPECT_TRUE(completions.wait().empty());
  completions.push(of(1));
  EXPECT_EQ(completions.wait().size(), 1U);
}

TEST(SolverCompletions, AnInterruptionLosesNothing) {
  Completions completions;
  completions.push(of(1));
  completions.interrupt();
  EXPECT_EQ(completions.wait().size(), 1U);
}

TEST(SolverCompletions, LosesNothingOfManyWriters) {
  constexpr std::size_t kWriters = 4;
  constexpr int kEach = 500;
  Completions completions;
  std::vector<std::jthread> writers;
  for (std::size_t i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      for (int k = 0; k < kEach; ++k) completions.push(of(k));
    });
  }
  std::size_t taken = 0;
  while (taken < kWriters * kEach) taken += completions.wait().size();
  EXPECT_EQ(taken, kWriters * kEach);
}

}  // namespace
}  // namespace cooper::solver
