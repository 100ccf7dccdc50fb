#include "archive/randomness.h"

#include <gtest/gtest.h>

#include "archive/compression.h"
#include "tests/unit/archive/fixtures.h"

namespace cooper::archive {
namespace {

using fixtures::bytes;

TEST(ArchiveRandomness, KnowsRandomData) {
  EXPECT_TRUE(looks_random(bytes(fixtures::random_bytes(1 << 20))));
  EXPECT_TRUE(looks_random(bytes(fixtures::random_bytes(100'000))));
}

TEST(ArchiveRandomness, KnowsCompressedData) {
  base::StringSink out;
  auto sink = make_compressor({Compression::kGzip, 6}, out, nullptr);
  sink->write(bytes(fixtures::words(4 << 20)));
  sink->finish();
  ASSERT_GT(out.str().size(), 400'000U);
  EXPECT_TRUE(looks_random(bytes(out.str()).subspan(1000, 100'000)));
}

TEST(ArchiveRandomness, DoesNotJudgeSmallData) {
  EXPECT_FALSE(looks_random(bytes(fixtures::random_bytes(1000))));
}

TEST(ArchiveRandomness, NoticesTextAnywhere) {
  EXPECT_FALSE(looks_random(bytes(fixtures::words(1 << 20))));
  for (std::size_t at : {std::size_t{0}, std::size_t{500'000}, (std::size_t{1} << 20) - 8000}) {
    std::string data = fixtures::random_bytes(1 << 20);
    data.replace(at, 8000, fixtures::words(8000));
    EXPECT_FALSE(looks_random(bytes(data))) << at;
  }
}

TEST(ArchiveRandomness, NoticesRepeatsOfRandomData) {
  for (std::size_t period : {256, 1000, 10'000, 30'000}) {
    std::string once = fixtures::random_bytes(period);
    std::string data;
    while (data.size() < 1 << 20) data += once;
    EXPECT_FALSE(looks_random(bytes(data))) << period;
  }
}

TEST(ArchiveRandomness, NoticesEvenlySpreadCounters) {
  std::string data;
  for (std::uint32_t i = 0; data.size() < 1 << 20; ++i) data += static_cast<char>(i);
  EXPECT_FALSE(looks_random(bytes(data)));
}

}  // namespace
}  // namespace cooper::archive
