// A fixed set of blocking workers.
//
// A task never waits for another task of the same pool (that would dead-lock a full pool); whoever needs
// results combines them outside. The destructor finishes queued tasks and joins.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <vector>

namespace cooper::base {

class ThreadPool {
 public:
  // `workers` threads, at least one.
  explicit ThreadPool(std::size_t workers);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const { return workers_.size(); }

  // Queues `task`; it must not throw (wrap it, or use submit()).
  void post(std::function<void()> task);

  // Queues `task`; the future carries its result or its exception.
  template <typename Task>
  auto submit(Task task) -> std::future<std::invoke_result_t<Task>> {
    using Result = std::invoke_result_t<Task>;
    auto packaged = std::make_shared<std::packaged_task<Result()>>(std::move(task));
    auto future = packaged->get_future();
    post([packaged] { (*packaged)(); });
    return future;
  }

 private:
  void work(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::jthread> workers_;
};

// Runs body(0) … body(count-1) on `pool` and on the calling thread, in blocks taken from a shared counter;
// returns when all are done. The first exception is rethrown after every started call ended. The caller takes
// part, so this is safe to call from a task of the same pool.
void parallel_for(ThreadPool& pool, std::size_t count, std::size_t block,
                  const std::function<void(std::size_t)>& body);

}  // namespace cooper::base
