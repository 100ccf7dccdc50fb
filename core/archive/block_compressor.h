// The parallel half of compression: cuts a stream into fixed blocks, compresses them on any thread that has
// time, and writes the results in order.
//
// Invariants: where blocks are cut depends on the input alone, and a block's bytes on the block alone, so the
// output is the same for any number of threads. At most pool size + 2 blocks are held. The writing thread
// compresses whatever no worker has started before it waits, so progress never depends on the pool: it may be
// busy, blocked or absent.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/thread_pool.h"

namespace cooper::archive {

// Compresses one block into something that decodes by itself: a gzip member, a zstd frame. Used by one thread
// at a time.
class BlockCodec {
 public:
  virtual ~BlockCodec() = default;
  // The most bytes that compress() gives for `input_size` bytes.
  virtual std::size_t bound(std::size_t input_size) const = 0;
  // Returns the number of bytes written to `output`, which has bound(input.size()) bytes.
  virtual std::size_t compress(base::ByteSpan input, base::MutableByteSpan output) = 0;
};

using BlockCodecFactory = std::function<std::unique_ptr<BlockCodec>()>;

class BlockCompressor final : public base::ByteSink {
 public:
  // `out` and `pool` (may be null) must outlive this sink.
  BlockCompressor(BlockCodecFactory make_codec, std::size_t block_size, base::ByteSink& out,
                  base::ThreadPool* pool);
  ~BlockCompressor() override;

  void write(base::ByteSpan data) override;
  void finish() override;

 private:
  struct Block;
  struct Shared;

  void dispatch();
  void post_helper();
  void write_front();

  base::ByteSink& out_;
  base::ThreadPool* pool_;
  std::size_t block_size_;
  std::size_t limit_;
  bool any_written_ = false;
  std::vector<std::byte> filling_;
  std::shared_ptr<Shared> shared_;  // helpers that start late find it after this sink is gone
};

}  // namespace cooper::archive
