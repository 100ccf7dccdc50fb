#include "base/thread_pool.h"

#include <atomic>
#include <gtest/gtest.h>
#include <numeric>
#include <stdexcept>

namespace cooper::base {
namespace {

TEST(BaseThreadPool, HasAtLeastOneWorker) {
  EXPECT_EQ(ThreadPool(0).size(), 1U);
  EXPECT_EQ(ThreadPool(3).size(), 3U);
}

TEST(BaseThreadPool, SubmitCarriesResultsAndExceptions) {
  ThreadPool pool(2);
  std::future<int> result = pool.submit([] { return 42; });
  std::future<void> failure = pool.submit([] { throw std::runtime_error("no"); });
  EXPECT_EQ(result.get(), 42);
  EXPECT_THROW(failure.get(), std::runtime_error);
}

TEST(BaseThreadPool, FinishesQueuedTasksBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool(1);
    for (int i = 0; i < 100; ++i) pool.post([&] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

TEST(BaseThreadPool, WorkersRunAtOnce) {
  ThreadPool pool(2);
  std::promise<void> first_runs;
  std::promise<void> second_runs;
  auto first = pool.submit([&] {
    first_runs.set_value();
    second_runs.get_future().wait();
  });
  auto second = pool.submit([&] {
    first_runs.get_future().wait();
    second_runs.set_value();
  });
  first.get();
  second.get();
}

TEST(BaseThreadPool, TasksMayPostTasks) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool(1);
    pool.post([&] { pool.post([&] { ++done; }); });
  }
  EXPECT_EQ(done, 1);
}

TEST(BaseParallelFor, VisitsEveryIndexOnce) {
  ThreadPool pool(3);
  for (const std::size_t count : {0U, 1U, 2U, 7U, 1000U}) {
    for (const std::size_t block : {0U, 1U, 3U, 5000U}) {
      std::vector<std::atomic<int>> visits(count);
      parallel_for(pool, count, block, [&](std::size_t i) { ++visits[i]; });
      for (const std::atomic<int>& visit : visits) EXPECT_EQ(visit, 1) << count << " by " << block;
    }
  }
}

TEST(BaseParallelFor, RethrowsAfterAllStartedCallsEnded) {
  ThreadPool pool(3);
  std::atomic<int> running = 0;
  const auto body = [&](std::size_t i) {
    ++running;
    std::this_thread::yield();
    --running;
    if (i == 50) throw std::runtime_error("index 50");
  };
  EXPECT_THROW(parallel_for(pool, 1000, 1, body), std::runtime_error);
  EXPECT_EQ(running, 0);
}

TEST(BaseParallelFor, StopsEarlyAfterAFailure) {
  ThreadPool pool(1);
  std::atomic<std::size_t> calls = 0;
  constexpr std::size_t kCount = 10'000'000;
  EXPECT_THROW(parallel_for(pool, kCount, 1,
                            [&](std::size_t) {
                              ++calls;
                              throw std::runtime_error("at once");
                            }),
               std::runtime_error);
  EXPECT_LE(calls, 2U);
}

TEST(BaseParallelFor, WorksFromATaskOfTheSamePool) {
  ThreadPool pool(1);
  auto sum = pool.submit([&] {
    std::atomic<std::size_t> total = 0;
    parallel_for(pool, 100, 7, [&](std::size_t i) { total += i; });
    return total.load();
  });
  EXPECT_EQ(sum.get(), 4950U);
}

TEST(BaseParallelFor, ManyCallersShareAPool) {
  ThreadPool pool(2);
  std::atomic<std::size_t> total = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&] { parallel_for(pool, 500, 3, [&](std::size_t) { ++total; }); });
    }
  }
  EXPECT_EQ(total, 2000U);
}

}  // namespace
}  // namespace cooper::base
