// Byte streams: the seam between network, archives, hashes, compression and files.
//
// Pull (ByteSource) where the reader sets the pace, push (ByteSink) where the writer does. Both block, both
// are used from one thread at a time, and neither holds more than its own small buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace cooper::base {

using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads up to buffer.size() bytes; 0 means the end. Throws Error on failure.
  virtual std::size_t read(MutableByteSpan buffer) = 0;
  // The digest that reading to the end proves, where the source itself refuses to end with another one: then
  // nobody needs to hash the same bytes once more.
  virtual std::optional<Digest> proven_digest() const { return std::nullopt; }
};

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void write(ByteSpan data) = 0;
  // Flushes what is buffered and completes the stream; call once, after the last write. Without it the result
  // is incomplete and the destructor discards it.
  virtual void finish() {}
};

// Reads from memory that the caller keeps alive.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(ByteSpan data) : rest_(data) {}
  explicit MemorySource(std::string_view data) : rest_(std::as_bytes(std::span(data))) {}
  std::size_t read(MutableByteSpan buffer) override;

 private:
  ByteSpan rest_;
};

// Appends to a string; for small data and tests.
class StringSink final : public ByteSink {
 public:
  void write(ByteSpan data) override;
  const std::string& str() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Hashes and counts what passes through on its way to `next` (null: only hash). finish() finishes `next` too.
class HashingSink final : public ByteSink {
 public:
  explicit HashingSink(ByteSink* next = nullptr) : next_(next) {}
  void write(ByteSpan data) override;
  void finish() override;
  Digest digest();  // valid once, after the last write
  std::uint64_t size() const { return size_; }

 private:
  ByteSink* next_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
};

// Hashes and counts what is read from `source`.
class HashingSource final : public ByteSource {
 public:
  explicit HashingSource(ByteSource& source) : source_(source) {}
  std::size_t read(MutableByteSpan buffer) override;
  Digest digest();  // valid once, after read() returned 0
  std::uint64_t size() const { return size_; }

 private:
  ByteSource& source_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
};

// Moves everything from `source` to `sink` through a 256 KiB buffer; returns the number of bytes. Does not
// finish().
std::uint64_t copy_all(ByteSource& source, ByteSink& sink);

// Reads all of `source`, at most `limit` bytes; throws Error{kCorrupt} naming `what` when there is more.
std::string read_all(ByteSource& source, std::size_t limit, std::string_view what);

}  // namespace cooper::base
