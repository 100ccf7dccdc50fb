#include "archive/block_compressor.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>

#include "base/trace.h"

namespace cooper::archive {

struct BlockCompressor::Block {
  enum class State { kWaiting, kRunning, kDone };
  State state = State::kWaiting;
  std::vector<std::byte> input;
  std::unique_ptr<std::byte[]> output;
  std::size_t capacity = 0;
  std::size_t size = 0;
  std::exception_ptr failure;
};

struct BlockCompressor::Shared {
  explicit Shared(BlockCodecFactory factory) : make_codec(std::move(factory)) {}

  const BlockCodecFactory make_codec;
  std::mutex mutex;
  std::condition_variable done;
  std::deque<std::shared_ptr<Block>> blocks;   // in the order of the stream
  std::deque<std::shared_ptr<Block>> waiting;  // those of `blocks` that nobody has started
  std::vector<std::shared_ptr<Block>> recycled;
  std::vector<std::unique_ptr<BlockCodec>> idle_codecs;
  std::size_t helpers = 0;  // posted to the pool and not ended

  static void compress(BlockCodec& codec, Block& block) {
    const base::Span span("cpu", "compress block");
    std::size_t bound = codec.bound(block.input.size());
    if (bound > block.capacity) {
      block.output = std::make_unique_for_overwrite<std::byte[]>(bound);
      block.capacity = bound;
    }
    block.size = codec.compress(block.input, {block.output.get(), bound});
  }

  // Compresses the first block that nobody has started; `lock` is released meanwhile. False when there is
  // none.
  bool run_one(std::unique_lock<std::mutex>& lock) {
    if (waiting.empty()) return false;
    std::shared_ptr<Block> block = std::move(waiting.front());
    waiting.pop_front();
    block->state = Block::State::kRunning;
    std::unique_ptr<BlockCodec> codec;
    if (!idle_codecs.empty()) {
      codec = std::move(idle_codecs.back());
      idle_codecs.pop_back();
    }
    lock.unlock();
    try {
      if (!codec) codec = make_codec();
      compress(*codec, *block);
    } catch (...) {
      block->failure = std::current_exception();
    }
    lock.lock();
    if (codec) idle_codecs.push_back(std::move(codec));
    block->state = Block::State::kDone;
    done.notify_all();
    return true;
  }

  // One block, then back to the end of the pool's queue, so that streams that share a pool take turns.
  static void help(const std::shared_ptr<Shared>& shared, base::ThreadPool& pool) {
    std::unique_lock lock(shared->mutex);
    shared->run_one(lock);
    if (shared->waiting.empty()) {
      --shared->helpers;
      return;
    }
    lock.unlock();
    pool.post([shared, &pool] { help(shared, pool); });
  }
};

BlockCompressor::BlockCompressor(BlockCodecFactory make_codec, std::size_t block_size, base::ByteSink& out,
                                 base::ThreadPool* pool)
    : out_(out),
      pool_(pool),
      block_size_(block_size),
      limit_(pool == nullptr ? 1 : pool->size() + 2),
      shared_(std::make_shared<Shared>(std::move(make_codec))) {}

BlockCompressor::~BlockCompressor() {
  // Blocks already running end on their own; what waits is dropped.
  std::scoped_lock lock(shared_->mutex);
  shared_->waiting.clear();
}

void BlockCompressor::write(base::ByteSpan data) {
  while (!data.empty()) {
    if (filling_.capacity() < block_size_) filling_.reserve(block_size_);
    std::size_t count = std::min(data.size(), block_size_ - filling_.size());
    filling_.insert(filling_.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(count));
    data = data.subspan(count);
    if (filling_.size() == block_size_) dispatch();
  }
}

void BlockCompressor::finish() {
  // An empty stream still needs one member or frame to be a valid file.
  if (!filling_.empty() || !any_written_) dispatch();
  while (true) {
    {
      std::scoped_lock lock(shared_->mutex);
      if (shared_->blocks.empty()) break;
    }
    write_front();
  }
  out_.finish();
}

void BlockCompressor::dispatch() {
  any_written_ = true;
  std::unique_lock lock(shared_->mutex);
  std::shared_ptr<Block> block;
  if (shared_->recycled.empty()) {
    block = std::make_shared<Block>();
  } else {
    block = std::move(shared_->recycled.back());
    shared_->recycled.pop_back();
  }
  block->state = Block::State::kWaiting;
  block->input.swap(filling_);
  filling_.clear();
  shared_->waiting.push_back(block);
  shared_->blocks.push_back(std::move(block));
  lock.unlock();
  post_helper();
  while (true) {
    lock.lock();
    bool must_wait = shared_->blocks.size() >= limit_;
    bool ready = !shared_->blocks.empty() && shared_->blocks.front()->state == Block::State::kDone;
    lock.unlock();
    if (!must_wait && !ready) return;
    write_front();
  }
}

void BlockCompressor::post_helper() {
  if (pool_ == nullptr) return;
  {
    std::scoped_lock lock(shared_->mutex);
    if (shared_->helpers >= pool_->size()) return;
    ++shared_->helpers;
  }
  pool_->post([shared = shared_, pool = pool_] { Shared::help(shared, *pool); });
}

// Writes the oldest block, compressing while it is not ready.
void BlockCompressor::write_front() {
  std::unique_lock lock(shared_->mutex);
  std::shared_ptr<Block> front = shared_->blocks.front();
  while (front->state != Block::State::kDone) {
    if (!shared_->run_one(lock)) {
      const base::Span span("wait", "for a compressed block");
      shared_->done.wait(lock, [&] { return front->state == Block::State::kDone; });
    }
  }
  shared_->blocks.pop_front();
  lock.unlock();
  if (front->failure) std::rethrow_exception(front->failure);
  out_.write({front->output.get(), front->size});
  lock.lock();
  shared_->recycled.push_back(std::move(front));
}

}  // namespace cooper::archive
