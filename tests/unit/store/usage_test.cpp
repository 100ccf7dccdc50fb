#include "store/usage.h"

#include "os/disk_usage.h"
#include "store/size_memo.h"
#include "tests/unit/store/store_fixture.h"

namespace cooper::store {
namespace {

namespace fs = std::filesystem;

class StoreUsage : public StoreFixture {
 protected:
  std::uint64_t total() const { return measure_usage(*store_).total(); }
  // What one megabyte of content adds, wherever it is put.
  void expect_grown(std::uint64_t before, const std::string& where) const {
    EXPECT_GE(total(), before + kMegabyte) << where;
    EXPECT_LE(total(), before + kMegabyte * 11 / 10) << where;
  }
};

TEST_F(StoreUsage, CountsEverything) {
  std::uint64_t before = total();
  EXPECT_LT(before, kMegabyte / 10);
  blob('a', 1);
  expect_grown(before, "blob");
  before = total();
  layer("sha256-1", 1);
  expect_grown(before, "layer");
  const std::string content(kMegabyte, 'x');
  for (const char* place : {"trees/own/sha256-1/file", "trees/own/directories-1/file", "records/ab/ab.json",
                            "records/steps/cd.json", "sources/http/1", "sources/git/1/objects/x",
                            "mounts/m/0/file", "stray", "strays/x"}) {
    before = total();
    write(path_ + "/" + place, content);
    expect_grown(before, place);
  }
  before = total();
  os::TempDir work = store_->make_temp("work-");
  write(work.path() + "/file", content);
  expect_grown(before, "own tmp");
}

TEST_F(StoreUsage, NamesItems) {
  blob('a', 5);
  layer("sha256-1", 4);
  write(path_ + "/mounts/m/0/file", "x");
  write(path_ + "/sources/git/r/HEAD", "x");
  write(path_ + "/sources/git/r.lock", "");
  age(path_ + "/sources/git/r.lock", 3);
  Usage usage = measure_usage(*store_);
  ASSERT_EQ(usage.items.size(), 4U);
  const Item* found = find(usage, "sha256-1");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->kind, ItemKind::kLayer);
  EXPECT_EQ(found->paths.size(), 2U);
  EXPECT_NEAR(static_cast<double>(found->last_used), static_cast<double>(os::now() - 4 * kHour), 60e9);
  found = find(usage, "sources/git/r");
  ASSERT_NE(found, nullptr);
  EXPECT_NEAR(static_cast<double>(found->last_used), static_cast<double>(os::now() - 3 * kHour), 60e9);
  EXPECT_NE(find(usage, "mounts/m"), nullptr);
}

TEST_F(StoreUsage, WalksALayerWithoutASizeOnce) {
  std::string tree = layer("sha256-1", 9, false);
  std::uint64_t before = total();
  EXPECT_EQ(parse_size(os::read_file(layer_size_path(*store_, "sha256-1"))), os::tree_usage(tree));
  Usage usage = measure_usage(*store_);
  EXPECT_LT(find(usage, "sha256-1")->last_used, os::now() - 8 * kHour) << "measuring is no use";
  write(tree + "/more", std::string(kMegabyte, 'y'));
  EXPECT_EQ(total(), before) << "layers are immutable";
}

TEST_F(StoreUsage, RemembersAMountUntilItIsUsed) {
  std::string mount = path_ + "/mounts/m";
  write(mount + "/0/file", "x");
  age(mount, 2);
  total();  // makes the file that remembers
  std::uint64_t before = total();
  write(mount + "/0/more", std::string(kMegabyte, 'y'));  // nobody does so without use()
  EXPECT_EQ(total(), before);
  ASSERT_TRUE(store_->use(mount));
  expect_grown(before, "used mount");
}

TEST_F(StoreUsage, RemembersNothingThatARunningBuildMayChange) {
  std::string mount = path_ + "/mounts/m";
  write(mount + "/0/file", "x");
  OtherProcess builder(path_, [&](Store& store) { store.use(mount); });
  std::uint64_t before = total();
  write(mount + "/0/more", std::string(kMegabyte, 'y'));
  expect_grown(before, "mount in use");
}

TEST_F(StoreUsage, ForgetsDamagedAndOldSums) {
  write(path_ + "/mounts/m/0/file", "x");
  age(path_ + "/mounts/m", 2);
  write(path_ + "/usage", "1 2 /gone\nnonsense\n");
  std::uint64_t first = total();
  std::string text = os::read_file(path_ + "/usage");
  EXPECT_EQ(text.find("gone"), std::string::npos);
  EXPECT_NE(text.find(path_ + "/mounts/m"), std::string::npos);
  EXPECT_LE(total() - first, 2 * (os::kBlockUsage + os::kInodeUsage));
}

TEST_F(StoreUsage, SizesAreWrittenAsTheyAreRead) {
  EXPECT_EQ(parse_size(render_size(0)), 0U);
  EXPECT_EQ(parse_size(render_size(123456789012)), 123456789012U);
  for (const char* wrong : {"", "\n", "12", "-1\n", "12x\n", "12\n\n", "99999999999999999999\n"}) {
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace cooper::store
