#include "base/bytes.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

#include "base/error.h"

namespace cooper::base {
namespace {

ByteSpan bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Gives at most `step` bytes a call, as sockets do.
class TricklingSource final : public ByteSource {
 public:
  TricklingSource(std::string_view text, std::size_t step) : memory_(text), step_(step) {}
  std::size_t read(MutableByteSpan buffer) override {
    return memory_.read(buffer.first(std::min(step_, buffer.size())));
  }

 private:
  MemorySource memory_;
  std::size_t step_;
};

class CountingSink final : public ByteSink {
 public:
  void write(ByteSpan) override { ++writes; }
  void finish() override { ++finishes; }
  int writes = 0;
  int finishes = 0;
};

TEST(BaseBytes, MemorySourceGivesAllThenZero) {
  MemorySource source("hello");
  std::vector<std::byte> buffer(3);
  EXPECT_EQ(source.read(buffer), 3U);
  EXPECT_EQ(std::memcmp(buffer.data(), "hel", 3), 0);
  EXPECT_EQ(source.read(buffer), 2U);
  EXPECT_EQ(std::memcmp(buffer.data(), "lo", 2), 0);
  EXPECT_EQ(source.read(buffer), 0U);
  EXPECT_EQ(source.read(buffer), 0U);
  EXPECT_EQ(MemorySource("x").read({}), 0U);
  EXPECT_EQ(MemorySource(std::string_view()).read(buffer), 0U);
}

TEST(BaseBytes, StringSinkAppends) {
  StringSink sink;
  sink.write(bytes("a"));
  sink.write(bytes(std::string_view("\0b", 2)));
  EXPECT_EQ(sink.str(), std::string("a\0b", 3));
  EXPECT_EQ(sink.take(), std::string("a\0b", 3));
}

TEST(BaseBytes, HashingSinkPassesOnCountsAndHashes) {
  StringSink text;
  HashingSink sink(&text);
  sink.write(bytes("ab"));
  sink.write(bytes("c"));
  sink.finish();
  EXPECT_EQ(text.str(), "abc");
  EXPECT_EQ(sink.size(), 3U);
  EXPECT_EQ(sink.digest(), sha256("abc"));
}

TEST(BaseBytes, HashingSinkFinishesTheNextOne) {
  CountingSink next;
  HashingSink sink(&next);
  sink.write(bytes("x"));
  EXPECT_EQ(next.finishes, 0);
  sink.finish();
  EXPECT_EQ(next.finishes, 1);
  EXPECT_EQ(next.writes, 1);
}

TEST(BaseBytes, HashingSinkStandsAlone) {
  HashingSink sink;
  sink.write(bytes("abc"));
  sink.finish();
  EXPECT_EQ(sink.digest(), sha256("abc"));
}

TEST(BaseBytes, HashingSourceHashesWhatWasRead) {
  TricklingSource inner("hello world", 4);
  HashingSource source(inner);
  EXPECT_EQ(read_all(source, 100, "text"), "hello world");
  EXPECT_EQ(source.size(), 11U);
  EXPECT_EQ(source.digest(), sha256("hello world"));
}

TEST(BaseBytes, CopiesMoreThanOneBuffer) {
  std::string data(1'000'003, 'x');
  for (std::size_t i = 0; i < data.size(); i += 97) data[i] = static_cast<char>(i);
  MemorySource source{std::string_view(data)};
  StringSink sink;
  EXPECT_EQ(copy_all(source, sink), data.size());
  EXPECT_EQ(sink.str(), data);
  TricklingSource slow(std::string_view(data).substr(0, 1000), 7);
  StringSink again;
  EXPECT_EQ(copy_all(slow, again), 1000U);
  EXPECT_EQ(again.str(), data.substr(0, 1000));
}

TEST(BaseBytes, CopyDoesNotFinish) {
  MemorySource source("x");
  CountingSink sink;
  copy_all(source, sink);
  EXPECT_EQ(sink.finishes, 0);
}

TEST(BaseBytes, ReadAllKeepsToItsLimit) {
  const std::string data(200'000, 'x');
  MemorySource fits{std::string_view(data)};
  EXPECT_EQ(read_all(fits, data.size(), "manifest").size(), data.size());
  MemorySource exceeds{std::string_view(data)};
  try {
    read_all(exceeds, data.size() - 1, "manifest");
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorrupt);
    EXPECT_EQ(error.message(), "manifest is larger than 199999 bytes");
  }
}

}  // namespace
}  // namespace cooper::base
