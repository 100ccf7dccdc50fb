#include "archive/block_compressor.h"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <stdexcept>

#include "tests/unit/archive/fixtures.h"

namespace cooper::archive {
namespace {

// Frames each block in brackets, and counts how many codecs there are.
class BracketCodec final : public BlockCodec {
 public:
  explicit BracketCodec(std::atomic<int>& made) { ++made; }
  std::size_t bound(std::size_t size) const override { return size + 2; }
  std::size_t compress(base::ByteSpan input, base::MutableByteSpan output) override {
    output.front() = std::byte{'['};
    std::copy(input.begin(), input.end(), output.begin() + 1);
    output[input.size() + 1] = std::byte{']'};
    return input.size() + 2;
  }
};

class BrokenCodec final : public BlockCodec {
 public:
  std::size_t bound(std::size_t) const override { return 1; }
  std::size_t compress(base::ByteSpan, base::MutableByteSpan) override {
    throw std::runtime_error("codec broke");
  }
};

TEST(ArchiveBlockCompressor, CutsAtFixedPlacesAndKeepsTheOrder) {
  base::ThreadPool pool(3);
  for (base::ThreadPool* used : {static_cast<base::ThreadPool*>(nullptr), &pool}) {
    std::atomic<int> made = 0;
    base::StringSink out;
    BlockCompressor sink([&] { return std::make_unique<BracketCodec>(made); }, 4, out, used);
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
      sink.write(fixtures::bytes("abcdef"));
      expected += "abcdef";
    }
    sink.finish();
    std::string plain;
    std::string text = out.take();
    ASSERT_EQ(text.size(), 6000 / 4 * 6U);
    for (std::size_t at = 0; at < text.size(); at += 6) {
      EXPECT_EQ(text[at], '[');
      EXPECT_EQ(text[at + 5], ']');
      plain += text.substr(at + 1, 4);
    }
    EXPECT_EQ(plain, expected);
    // One for each thread that may take part, not one a block.
    EXPECT_LE(made, 4);
  }
}

TEST(ArchiveBlockCompressor, WritesOneEmptyBlockForAnEmptyStream) {
  std::atomic<int> made = 0;
  base::StringSink out;
  BlockCompressor sink([&] { return std::make_unique<BracketCodec>(made); }, 4, out, nullptr);
  sink.write({});
  sink.finish();
  EXPECT_EQ(out.str(), "[]");
}

TEST(ArchiveBlockCompressor, ThrowsWhatItsCodecThrows) {
  base::ThreadPool pool(2);
  base::StringSink out;
  BlockCompressor sink([] { return std::make_unique<BrokenCodec>(); }, 4, out, &pool);
  EXPECT_THROW(
      {
        sink.write(fixtures::bytes("abcdefghijklmnopqrstuvwxyz"));
        sink.finish();
      },
      std::runtime_error);
}

}  // namespace
}  // namespace cooper::archive
