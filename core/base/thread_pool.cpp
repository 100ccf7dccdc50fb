#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>

namespace cooper::base {

ThreadPool::ThreadPool(std::size_t workers) {
  for (std::size_t i = 0; i < std::max<std::size_t>(workers, 1); ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

ThreadPool::~ThreadPool() {
  for (std::jthread& worker : workers_) worker.request_stop();
  workers_.clear();
}

void ThreadPool::post(std::function<void()> task) {
  {
    std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void ThreadPool::work(const std::stop_token& stop) {
  while (true) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop, [this] { return !queue_.empty(); });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

namespace {

// Shared by the caller and its helpers; helpers that start after the last block was taken find nothing to do.
struct Loop {
  std::size_t count;
  std::size_t block;
  const std::function<void(std::size_t)>* body;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable idle;
  std::size_t running = 0;
  std::exception_ptr failure;

  void run() {
    {
      std::scoped_lock lock(mutex);
      if (next.load() >= count) return;
      ++running;
    }
    try {
      for (std::size_t begin; (begin = next.fetch_add(block)) < count;) {
        for (std::size_t i = begin; i < std::min(begin + block, count); ++i) (*body)(i);
      }
    } catch (...) {
      std::scoped_lock lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
    std::scoped_lock lock(mutex);
    if (--running == 0) idle.notify_all();
  }
};

}  // namespace

void parallel_for(ThreadPool& pool, std::size_t count, std::size_t block,
                  const std::function<void(std::size_t)>& body) {
  auto loop = std::make_shared<Loop>();
  loop->count = count;
  loop->block = std::max<std::size_t>(block, 1);
  loop->body = &body;
  std::size_t blocks = (count + loop->block - 1) / loop->block;
  for (std::size_t i = 1; i < std::min(blocks, pool.size() + 1); ++i) {
    pool.post([loop] { loop->run(); });
  }
  loop->run();
  std::unique_lock lock(loop->mutex);
  loop->idle.wait(lock, [&] { return loop->running == 0; });
  if (loop->failure) std::rethrow_exception(loop->failure);
}

}  // namespace cooper::base
