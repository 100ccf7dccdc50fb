#include "cache/part_upload.h"

#include <map>
#include <mutex>

#include "support/object_store_suite.h"

namespace cooper::cache {

namespace {

using test::body_of;

constexpr std::uint64_t kMiB = 1 << 20;

}  // namespace

TEST(CachePartUpload, PartsGrowWithTheBody) {
  EXPECT_EQ(part_size_for(1, 10'000), 16 * kMiB);
  EXPECT_EQ(part_size_for(160'000 * kMiB, 10'000), 16 * kMiB);
  EXPECT_EQ(part_size_for(160'000 * kMiB + 1, 10'000), 17 * kMiB);
}

TEST(CachePartUpload, SendsEveryPartOnce) {
  const std::string text = test::noise(1000);
  std::mutex mutex;
  std::map<std::size_t, std::string> parts;
  auto send = [&](std::size_t number, base::ByteSpan part, const std::stop_token&) {
    std::scoped_lock lock(mutex);
    EXPECT_TRUE(
        parts.emplace(number, std::string(reinterpret_cast<const char*>(part.data()), part.size())).second);
  };
  upload_parts(body_of(text), 300, 3, send, {});
  std::string joined;
  for (const auto& [number, part] : parts) joined += part;
  EXPECT_EQ(parts.size(), 4U);
  EXPECT_EQ(joined, text);
}

TEST(CachePartUpload, TheFirstFailureEndsTheOthers) {
  auto send = [](std::size_t number, base::ByteSpan, const std::stop_token& stop) {
    if (number == 1) throw base::Error(base::ErrorKind::kAuth, "no");
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    never.wait(lock, stop, [] { return false; });
  };
  base::Error error = support::error_of([&] { upload_parts(body_of(test::noise(1000)), 10, 4, send, {}); });
  EXPECT_EQ(error.message(), "no");
}

TEST(CachePartUpload, ABodyThatEndsEarlyIsAnError) {
  auto send = [](std::size_t, base::ByteSpan, const std::stop_token&) {};
  ObjectStore::Body body = body_of("short");
  body.size = 10;
  EXPECT_EQ(support::error_of([&] { upload_parts(body, 4, 1, send, {}); }).kind(), base::ErrorKind::kCorrupt);
}

}  // namespace cooper::cache
