#include "context/digest_cache.h"

#include <gtest/gtest.h>
#include <string>

#include "base/error.h"
#include "os/beneath.h"

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
  cache.save(path());
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
  cache.save(path());
  DigestCache loaded;
  loaded.load(path());
  EXPECT_FALSE(loaded.find("racy", identity_));
  EXPECT_FALSE(loaded.find("future", identity_));
  EXPECT_TRUE(loaded.find("settled", identity_));
}

TEST_F(ContextDigestCache, ForgetsWhatNobodyAskedFor) {
  DigestCache cache;
  cache.put("a", identity_, digest_, 200 * kSecond);
  cache.put("b", identity_, digest_, 200 * kSecond);
  cache.save(path());
  DigestCache second;
  second.load(path());
  EXPECT_TRUE(second.find("b", identity_));
  second.save(path());
  DigestCache third;
  third.load(path());
  EXPECT_FALSE(third.find("a", identity_));
  EXPECT_TRUE(third.find("b", identity_));
}

TEST_F(ContextDigestCache, ADamagedFileIsEmpty) {
  DigestCache cache;
  cache.put("a", identity_, digest_, 200 * kSecond);
  cache.save(path());
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
  EXPECT_THROW(cache.save(directory_.path() + "/missing/digests"), base::Error);
}

}  // namespace
}  // namespace cooper::context
