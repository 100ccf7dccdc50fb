#include "archive/compression.h"

#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <stdexcept>

#include "base/thread_pool.h"
#include "tests/unit/archive/fixtures.h"

namespace cooper::archive {
namespace {

using base::ErrorKind;
using fixtures::bytes;
using fixtures::expect_error;

std::string compress(Compression type, std::string_view data, base::ThreadPool* pool = nullptr,
                     int level = -1, std::size_t step = std::size_t{100} << 10) {
  base::StringSink out;
  auto sink = make_compressor({type, level}, out, pool);
  for (; !data.empty(); data.remove_prefix(std::min(step, data.size())))
    sink->write(bytes(data.substr(0, step)));
  sink->finish();
  return out.take();
}

std::string decompress(Compression type, std::string_view data, std::size_t in_step = 1 << 20,
                       std::size_t out_step = 64 << 10) {
  fixtures::DrippingSource in(data, in_step);
  return fixtures::read_whole(*make_decompressor(type, in), out_step);
}

class ArchiveCompressionTypes : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(All, ArchiveCompressionTypes,
                         testing::Values(Compression::kNone, Compression::kGzip, Compression::kZstd));

TEST_P(ArchiveCompressionTypes, GivesBackWhatWasWritten) {
  base::ThreadPool pool(2);
  for (std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20, (std::size_t{5} << 20) + 17}) {
    std::string data = fixtures::words(size / 2) + fixtures::random_bytes(size - size / 2);
    EXPECT_TRUE(decompress(GetParam(), compress(GetParam(), data, &pool)) == data) << size;
  }
}

TEST_P(ArchiveCompressionTypes, OutputDependsNeitherOnThreadsNorOnTheCutOfWrites) {
  std::string data = fixtures::words(9 << 20) + fixtures::random_bytes(3 << 20);
  std::string alone = compress(GetParam(), data);
  base::ThreadPool one(1);
  base::ThreadPool five(5);
  EXPECT_TRUE(compress(GetParam(), data, &one, -1, 4097) == alone);
  EXPECT_TRUE(compress(GetParam(), data, &five, -1, 3 << 20) == alone);
  EXPECT_TRUE(compress(GetParam(), data, nullptr, -1, data.size()) == alone);
}

TEST_P(ArchiveCompressionTypes, AWorkerThatIsBlockedElsewhereDoesNotStopIt) {
  base::ThreadPool pool(1);
  std::promise<void> release;
  pool.post([wait = release.get_future().share()] { wait.wait(); });
  std::string data = fixtures::words(8 << 20);
  std::string packed = compress(GetParam(), data, &pool);
  release.set_value();
  EXPECT_TRUE(decompress(GetParam(), packed) == data);
}

TEST_P(ArchiveCompressionTypes, MayBeUsedFromATaskOfItsOwnPool) {
  base::ThreadPool pool(1);
  std::string data = fixtures::words(6 << 20);
  std::string packed = pool.submit([&] { return compress(GetParam(), data, &pool); }).get();
  EXPECT_TRUE(decompress(GetParam(), packed) == data);
}

TEST_P(ArchiveCompressionTypes, SeveralStreamsShareAPool) {
  base::ThreadPool pool(2);
  std::string data = fixtures::words(4 << 20);
  std::string alone = compress(GetParam(), data);
  std::vector<std::future<std::string>> results;
  for (int i = 0; i < 3; ++i) {
    results.push_back(std::async(std::launch::async, [&] { return compress(GetParam(), data, &pool); }));
  }
  for (auto& result : results) EXPECT_TRUE(result.get() == alone);
}

TEST_P(ArchiveCompressionTypes, CanBeAbandonedWithoutFinish) {
  base::ThreadPool pool(2);
  base::StringSink out;
  auto sink = make_compressor({GetParam()}, out, &pool);
  std::string data = fixtures::words(3 << 20);
  sink->write(bytes(data));
  sink.reset();
}

class FullDisk final : public base::ByteSink {
 public:
  void write(base::ByteSpan) override { throw base::Error(ErrorKind::kIo, "disk is full"); }
};

TEST_P(ArchiveCompressionTypes, PassesOnTheErrorsOfItsSink) {
  base::ThreadPool pool(2);
  FullDisk out;
  expect_error(ErrorKind::kIo, "disk is full", [&] {
    auto sink = make_compressor({GetParam()}, out, &pool);
    std::string data = fixtures::random_bytes(10 << 20);
    sink->write(bytes(data));
    sink->finish();
  });
}

TEST_P(ArchiveCompressionTypes, PassesOnTheErrorsOfItsSource) {
  std::string packed = compress(GetParam(), "text");
  fixtures::FailingSource in(std::string_view(packed).substr(0, packed.size() - 1));
  auto source = make_decompressor(GetParam(), in);
  expect_error(ErrorKind::kRegistry, "the line dropped", [&] { fixtures::read_whole(*source); });
}

class ArchiveCompressors : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(All, ArchiveCompressors, testing::Values(Compression::kGzip, Compression::kZstd));

TEST_P(ArchiveCompressors, MakesTextSmaller) {
  std::string data = fixtures::words(3 << 20);
  EXPECT_LT(compress(GetParam(), data).size(), data.size() / 2);
}

TEST_P(ArchiveCompressors, HardlyEnlargesWhatCannotShrink) {
  std::string data = fixtures::random_bytes(3 << 20);
  EXPECT_LT(compress(GetParam(), data).size(), data.size() + data.size() / 1000);
}

TEST_P(ArchiveCompressors, EveryLevelIsReadBack) {
  std::string data = fixtures::words(300 << 10) + fixtures::random_bytes(100 << 10);
  int first = GetParam() == Compression::kGzip ? 0 : 1;
  int last = GetParam() == Compression::kGzip ? 9 : 19;
  for (int level = first; level <= last; ++level) {
    EXPECT_TRUE(decompress(GetParam(), compress(GetParam(), data, nullptr, level)) == data) << level;
  }
}

TEST_P(ArchiveCompressors, RefusesUnknownLevels) {
  for (int level : {-2, 23, GetParam() == Compression::kGzip ? 10 : 0}) {
    expect_error(ErrorKind::kUsage, "no compression level",
                 [&] { compress(GetParam(), "", nullptr, level); });
  }
}

TEST_P(ArchiveCompressors, IsReadInPiecesOfAnySize) {
  std::string data = fixtures::words(90'000) + fixtures::random_bytes(3000);
  // Two members or frames, so that a seam lies somewhere in the pieces too.
  std::string packed = compress(GetParam(), data) + compress(GetParam(), data);
  for (std::size_t step : {1, 2, 3, 7, 511, 4096}) {
    EXPECT_TRUE(decompress(GetParam(), packed, step, 1000) == data + data) << step;
    EXPECT_TRUE(decompress(GetParam(), packed, 1000, step) == data + data) << step;
  }
}

TEST_P(ArchiveCompressors, NoticesTruncationAnywhere) {
  std::string first = compress(GetParam(), fixtures::words(700));
  std::string packed = first + compress(GetParam(), fixtures::words(300));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    if (size == first.size()) continue;  // a whole stream
    SCOPED_TRACE(size);
    expect_error(ErrorKind::kCorrupt, GetParam() == Compression::kGzip ? "gzip" : "zstd",
                 [&] { decompress(GetParam(), packed.substr(0, size), 1 + size % 100); });
  }
}

TEST_P(ArchiveCompressors, NoticesChangedContent) {
  // Stored as it is, so only the checksum can tell.
  std::string data = fixtures::random_bytes(2000);
  std::string packed = compress(GetParam(), data);
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 1);
  expect_error(ErrorKind::kCorrupt, "corrupt", [&] { decompress(GetParam(), packed); });
}

TEST_P(ArchiveCompressors, RefusesGarbageAfterTheEnd) {
  std::string packed = compress(GetParam(), "text");
  expect_error(ErrorKind::kCorrupt, GetParam() == Compression::kGzip ? "gzip" : "zstd",
               [&] { decompress(GetParam(), packed + "garbage"); });
}

TEST_P(ArchiveCompressors, RefusesOtherData) {
  for (std::string_view data : {"", "x", "this is plain text, longer than any header"}) {
    expect_error(ErrorKind::kCorrupt, "", [&] { decompress(GetParam(), data); });
  }
}

TEST_P(ArchiveCompressors, IsReadByTheUsualTool) {
  std::string tool = GetParam() == Compression::kGzip ? "gzip" : "zstd";
  if (!fixtures::Workshop::has(tool)) GTEST_SKIP() << tool << " is not installed";
  fixtures::Workshop shop;
  std::string data = fixtures::words(3 << 20) + fixtures::random_bytes(2 << 20);
  base::ThreadPool pool(2);
  shop.put("packed", compress(GetParam(), data, &pool));
  ASSERT_TRUE(shop.run(tool + " -dc < packed > plain")) << shop.out();
  EXPECT_TRUE(shop.get("plain") == data);
}

TEST_P(ArchiveCompressors, ReadsWhatTheUsualToolWrites) {
  std::string tool = GetParam() == Compression::kGzip ? "gzip" : "zstd";
  if (!fixtures::Workshop::has(tool)) GTEST_SKIP() << tool << " is not installed";
  fixtures::Workshop shop;
  std::string data = fixtures::words(3 << 20) + fixtures::random_bytes(2 << 20);
  shop.put("plain", data);
  ASSERT_TRUE(shop.run(tool + " -c plain > packed")) << shop.out();
  EXPECT_TRUE(decompress(GetParam(), shop.get("packed"), 1777) == data);
}

TEST(ArchiveGzip, ReadsZerosAfterTheEndAsPadding) {
  std::string packed = compress(Compression::kGzip, "text") + std::string(300'000, '\0');
  EXPECT_EQ(decompress(Compression::kGzip, packed, 999), "text");
  expect_error(ErrorKind::kCorrupt, "garbage after its end",
               [&] { decompress(Compression::kGzip, packed + "x"); });
}

TEST(ArchiveGzip, ReadsOptionalHeaderFields) {
  std::string packed = compress(Compression::kGzip, "text");
  packed[3] = 4 | 8 | 16;  // extra, name, comment
  std::string fields = std::string("\x05\x00", 2) + "extra" + std::string("name\0comment\0", 13);
  packed.insert(10, fields);
  for (std::size_t step : {1, 2, 3, 5, 7, 1000})
    EXPECT_EQ(decompress(Compression::kGzip, packed, step), "text");
  std::string with_crc = packed;
  with_crc[3] = 2 | 4 | 8 | 16;
  with_crc.insert(10 + fields.size(), "xx");  // not the header's checksum
  for (std::size_t step : {1, 1000}) {
    expect_error(ErrorKind::kCorrupt, "checksum", [&] { decompress(Compression::kGzip, with_crc, step); });
  }
}

TEST(ArchiveGzip, WritesNeitherTimeNorName) {
  std::string packed = compress(Compression::kGzip, "text");
  EXPECT_EQ(packed.substr(0, 3), "\x1f\x8b\x08");
  EXPECT_EQ(packed.substr(3, 5), std::string(5, '\0'));
}

TEST(ArchiveZstd, SkipsSkippableFrames) {
  std::string skippable("\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  std::string packed = compress(Compression::kZstd, "text");
  EXPECT_EQ(decompress(Compression::kZstd, skippable + packed + skippable, 3), "text");
}

TEST(ArchiveZstd, RefusesAFrameWithAHugeWindow) {
  std::string frame("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00", 9);  // window descriptor: 2^41 bytes
  expect_error(ErrorKind::kCorrupt, "memory", [&] { decompress(Compression::kZstd, frame); });
}

TEST(ArchiveCompression, SniffsMagicNumbers) {
  auto sniff = [](std::string_view text) { return sniff_compression(bytes(text)); };
  EXPECT_EQ(sniff(compress(Compression::kGzip, "text")), Compression::kGzip);
  EXPECT_EQ(sniff(compress(Compression::kZstd, "text")), Compression::kZstd);
  EXPECT_EQ(sniff(std::string_view("\x50\x2a\x4d\x18\x00\x00\x00\x00", 8)), Compression::kZstd);
  EXPECT_EQ(sniff("plain text"), Compression::kNone);
  EXPECT_EQ(sniff("\x1f\x8b"), Compression::kNone);
  EXPECT_EQ(sniff(""), Compression::kNone);
}

}  // namespace
}  // namespace cooper::archive
