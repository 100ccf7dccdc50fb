#include "context/digest_cache.h"

#include <gtest/gtest.h>
#include <string>

#include "os/beneath.h"
#include "os/fd.h"

namespace cooper::context {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class ContextDigestCache : public testing::Test {
 protected:
  std::string path() const { return directory_.path() + "/digests"; }

  const FileIdentity identity_{1, 2, 3, 100 * kSecond, 101 * kSecond};
  const base::Digest digest_ = base::sha256(std::string_view("content"));
  os::TempDir directory_{testing::TempDir()};
};

TEST_F(ContextDigestCache, SavesAndLoads) {
  DigestCache cache;
  cache.put("a\n/b", identity_, digest_, 200 * kSecond);
  os::write_file_atomically(path(), cache.serialize());
  DigestCache loaded;
  loaded.load(path());
  EXPECT_EQ(loaded.find("a\n/b", identity_), digest_);
  EXPECT_FALSE(loaded.find("a", identity_));
}

TEST_F(ContextDigestCache, AnyChangeOfTheIdentityIsAMiss) {
  DigestCache cache;
  cache.put("a", identity_, digest_, 200 * kSecond);
  for (int field = 0; field < 5; ++field) {
    FileIdentity other = identity_;
    if (field == 0) ++other.device;
    if (field == 1) ++other.inode;
    if (field == 2) ++other.size;
    if (field == 3) ++other.mtime_nsec;
    if (field == 4) ++other.ctime_nsec;
    EXPECT_FALSE(cache.find("a", other)) << field;
  }
}

TEST_F(ContextDigestCache, RacilyCleanEntriesAreNotSaved) {
  DigestCache cache;
  cache.put("racy", identity_, digest_, 103 * kSecond);
  cache.put("settled", identity_, digest_, 103 * kSecond + 1);
  cache.put("future", identity_, digest_, 50 * kSecond);
  EXPECT_TRUE(cache.find("racy", identity_)) << "within one build it serves";
  os::write_file_atomically(path(), cache.serialize());
  DigestCache loaded;
  loaded.load(path());
  EXPECT_FALSE(loaded.find("racy", identity_));
  EXPECT_FALSE(loaded.find("future", identity_));
  EXPECT_TRUE(loaded.find("settled", identity_));
}

TEST_F(ContextDigestCache, ForgetsWhatNobodyAskedForForLong) {
  DigestCache cache;
  cache.put("a", identity_, digest_, 200 * kSecond);
  cache.put("b", identity_, digest_, 200 * kSecond);
  os::write_file_atomically(path(), cache.serialize());
  for (std::uint64_t save = 0; save <= kMostIdleSaves; ++save) {
    DigestCache kept;
    kept.load(path());
    EXPECT_TRUE(kept.find("b", identity_));
    os::write_file_atomically(path(), kept.serialize());
  }
  DigestCache last;
  last.load(path());
  EXPECT_FALSE(last.find("a", identity_));
  EXPECT_TRUE(last.find("b", identity_));
}

TEST_F(ContextDigestCache, KeepsWhatABuildOfAnotherPartAsksForNow) {
  DigestCache cache;
  cache.put("a", identity_, digest_, 200 * kSecond);
  cache.put("b", identity_, digest_, 200 * kSecond);
  os::write_file_atomically(path(), cache.serialize());
  for (std::uint64_t save = 0; save < 2 * kMostIdleSaves; ++save) {
    DigestCache kept;
    kept.load(path());
    EXPECT_TRUE(kept.find(save % 8 == 0 ? "a" : "b", identity_)) << save;
    os::write_file_atomically(path(), kept.serialize());
  }
}

TEST_F(ContextDigestCache, HasNewsOnlyOfWhatItWouldSave) {
  DigestCache cache;
  EXPECT_FALSE(cache.has_news());
  cache.put("racy", identity_, digest_, 103 * kSecond);
  EXPECT_FALSE(cache.has_news());
  cache.put("settled", identity_, digest_, 200 * kSecond);
  EXPECT_TRUE(cache.has_news());
  os::write_file_atomically(path(), cache.serialize());
  DigestCache loaded;
  loaded.load(path());
  EXPECT_TRUE(loaded.find("settled", identity_));
  EXPECT_FALSE(loaded.has_news());
}

TEST_F(ContextDigestCache, ADamagedFileIsEmpty) {
  DigestCache cache;
  cache.put("a", identity_, digest_, 200 * kSecond);
  os::write_file_atomically(path(), cache.serialize());
  const std::string good = os::read_file(path());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    os::write_file_atomically(path(), bad);
    DigestCache loaded;
    loaded.load(path());
    EXPECT_FALSE(loaded.find("a", identity_)) << "byte " << i;
  }
  os::write_file_atomically(path(), good.substr(0, good.size() / 2));
  DigestCache loaded;
  loaded.load(path());
  EXPECT_FALSE(loaded.find("a", identity_));
}

TEST_F(ContextDigestCache, AMissingFileIsEmpty) {
  DigestCache cache;
  cache.load(path());
  EXPECT_FALSE(cache.find("a", identity_));
}

}  // namespace
}  // namespace cooper::context
