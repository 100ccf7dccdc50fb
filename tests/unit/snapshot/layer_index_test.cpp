#include "snapshot/layer_index.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace cooper::snapshot {
namespace {

Entry entry(const std::string& path, EntryType type = EntryType::kFile) {
  Entry made;
  made.path = path;
  made.type = type;
  return made;
}

LayerIndex sample() {
  Entry file = entry("etc/motd");
  file.mode = 06755;
  file.uid = 1000;
  file.gid = UINT32_MAX;
  file.mtime = -5;
  file.mtime_nsec = 999'999'999;
  file.size = UINT64_MAX;
  file.xattrs = {{"security.capability", std::string("\0\1\2", 3)}, {"user.empty", ""}};
  file.content = base::sha256("x");
  Entry link = entry("etc/link", EntryType::kHardlink);
  link.link_target = "etc/motd";
  Entry device = entry("dev/null", EntryType::kCharDevice);
  device.device_major = 1;
  device.device_minor = 3;
  Entry directory = entry("etc", EntryType::kDirectory);
  directory.opaque = true;
  Entry old = entry("future");
  old.mtime = INT64_MAX;
  Entry older = entry("past");
  older.mtime = INT64_MIN;
  return LayerIndex({file, link, device, directory, old, older, entry("a\xff\n", EntryType::kSymlink),
                     entry("gone", EntryType::kWhiteout), entry("", EntryType::kDirectory)});
}

TEST(SnapshotLayerIndex, KeepsEveryPropertyOnDisk) {
  LayerIndex index = sample();
  EXPECT_EQ(LayerIndex::parse(index.serialize()).entries(), index.entries());
  EXPECT_TRUE(LayerIndex::parse(LayerIndex().serialize()).entries().empty());
}

TEST(SnapshotLayerIndex, RefusesEveryDamagedByteAndEveryCut) {
  std::string good = sample().serialize();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_THROW(LayerIndex::parse(bad), base::Error) << i;
    EXPECT_THROW(LayerIndex::parse(good.substr(0, i)), base::Error) << i;
  }
  EXPECT_THROW(LayerIndex::parse(good + "x"), base::Error);
}

// Damage that its author has signed: the checksum is right.
std::string sealed(std::string body) {
  base::Digest digest = base::sha256(body);
  body.append(reinterpret_cast<const char*>(digest.bytes().data()), digest.bytes().size());
  return body;
}

TEST(SnapshotLayerIndex, RefusesNonsenseWithARightChecksum) {
  const std::string rest(7, '\0');
  EXPECT_THROW(LayerIndex::parse(sealed("CLI1\xff\xff\xff\xff\x7f")), base::Error);                // count
  EXPECT_THROW(LayerIndex::parse(sealed(std::string("CLI1\1\x0f\0\1a", 9) + rest)), base::Error);  // type
  EXPECT_THROW(LayerIndex::parse(sealed(std::string("CLI1\1\0\5\1a", 9) + rest)), base::Error);    // prefix
  EXPECT_THROW(LayerIndex::parse(sealed(std::string("CLI1\1\0\0\x7f", 8) + rest)), base::Error);   // path
  EXPECT_THROW(LayerIndex::parse(sealed(std::string("CLI1\1\0\0\1a", 9) + rest)),
               base::Error);  // a byte too many
  EXPECT_NO_THROW(LayerIndex::parse(sealed(std::string("CLI1\1\0\0\1a", 9) + rest.substr(1))));
  std::string twice = std::string("CLI1\2", 5) + std::string("\0\0\1a", 4) + rest.substr(1) +
                      std::string("\0\1\0", 3) + rest.substr(1);
  EXPECT_THROW(LayerIndex::parse(sealed(twice)), base::Error);  // the same path again
}

TEST(SnapshotLayerIndex, LetsTheLastOfEqualPathsWin) {
  Entry first = entry("a");
  first.size = 1;
  Entry last = entry("a");
  last.size = 2;
  LayerIndex index({first, entry("b"), last});
  ASSERT_EQ(index.entries().size(), 2U);
  EXPECT_EQ(index.find("a")->size, 2U);
  EXPECT_EQ(index.find("c"), nullptr);
  EXPECT_EQ(index.total_size(), 2U);
}

TEST(SnapshotLayerIndex, FindsWhatIsBelowADirectory) {
  LayerIndex index(
      {entry("a", EntryType::kDirectory), entry("a/b"), entry("a/b-c"), entry("a-b"), entry("ab/c")});
  EXPECT_EQ(index.below("a").size(), 2U);
  EXPECT_EQ(index.below("ab").size(), 1U);
  EXPECT_EQ(index.below("").size(), 5U);
  EXPECT_TRUE(index.below("a/b").empty());
}

TEST(SnapshotLayerIndex, NamesDirectoriesThatItOnlyImplies) {
  LayerIndex index(
      {entry("a/b/c"), entry("a/b/d/e"), entry("x", EntryType::kDirectory), entry("x/y/z"), entry("top")});
  EXPECT_EQ(index.implied_directories(), (std::vector<std::string>{"a", "a/b", "a/b/d", "x/y"}));
}

TEST(SnapshotLayerIndex, KnowsTheTargetsOfHardlinks) {
  LayerIndex index = sample();
  EXPECT_TRUE(index.is_link_target("etc/motd"));
  EXPECT_FALSE(index.is_link_target("etc/link"));
  EXPECT_EQ(index.find("etc/link")->size, index.find("etc/motd")->size);
  EXPECT_EQ(index.find("etc/link")->content, index.find("etc/motd")->content);
}

}  // namespace
}  // namespace cooper::snapshot
