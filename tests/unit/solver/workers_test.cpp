#include "solver/workers.h"

#include <future>
#include <gtest/gtest.h>
#include <set>

#include "base/guarded.h"

namespace cooper::solver {
namespace {

TEST(SolverWorkers, FinishesWhatWasPosted) {
  std::atomic<int> done = 0;
  {
    Workers workers(3);
    for (int i = 0; i < 200; ++i) workers.post([&] { ++done; });
  }
  EXPECT_EQ(done, 200);
}

TEST(SolverWorkers, GrowsUntilAllBlockedTasksRun) {
  constexpr std::size_t kTasks = 8;
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::vector<std::promise<void>> running(kTasks);
  Workers workers(kTasks);
  for (std::promise<void>& begun : running) {
    workers.post([&begun, released] {
      begun.set_value();
      released.wait();
    });
  }
  for (std::promise<void>& begun : running) begun.get_future().wait();
  release.set_value();
}

TEST(SolverWorkers, NeverHasMoreThreadsThanAllowed) {
  base::Guarded<std::set<std::thread::id>> threads;
  {
    Workers workers(2);
    for (int i = 0; i < 100; ++i) {
      workers.post([&] { threads.with([](auto& ids) { ids.insert(std::this_thread::get_id()); }); });
    }
  }
  EXPECT_LE(threads.with([](const auto& ids) { return ids.size(); }), 2U);
}

TEST(SolverWorkers, WakesAThreadThatFellAsleep) {
  Workers workers(0);  // means one
  for (int i = 0; i < 3; ++i) {
    std::promise<void> done;
    workers.post([&] { done.set_value(); });
    done.get_future().wait();
    // Longer than a worker stays awake; the result does not depend on it.
    wait_briefly([] { return false; });
    wait_briefly([] { return false; });
  }
}

}  // namespace
}  // namespace cooper::solver
