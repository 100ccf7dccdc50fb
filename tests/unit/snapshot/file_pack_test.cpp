#include "snapshot/file_pack.h"

#include <fstream>
#include <gmock/gmock.h>

#include "os/beneath.h"
#include "snapshot/file_contents.h"
#include "support/error_of.h"

namespace cooper::snapshot {
namespace {

using support::error_of;

class SnapshotFilePack : public ::testing::Test {
 protected:
  SnapshotFilePack() { std::ofstream(path_) << "aaabbbbb"; }

  static Entry file(const std::string& path, std::uint64_t size) {
    Entry entry;
    entry.path = path;
    entry.size = size;
    return entry;
  }
  static Entry directory(const std::string& path) {
    Entry entry;
    entry.path = path;
    entry.type = EntryType::kDirectory;
    return entry;
  }
  std::string read(FileContents& contents, const std::string& path) const {
    contents.begin(*index_->find(path));
    std::string text;
    std::array<std::byte, 4> buffer;
    while (std::size_t count = contents.read(buffer))
      text.append(reinterpret_cast<const char*>(buffer.data()), count);
    return text;
  }

  os::TempDir directory_{::testing::TempDir(), "pack-"};
  std::string path_ = directory_.path() + "/pack";
  std::shared_ptr<const LayerIndex> index_ = std::make_shared<const LayerIndex>(
      std::vector<Entry>{directory("d"), file("d/a", 3), file("d/empty", 0), file("e", 5)});
};

TEST_F(SnapshotFilePack, FindsEachFile) {
  auto pack = std::make_shared<const FilePack>(path_, index_);
  std::unique_ptr<FileContents> contents = contents_of_pack(pack);
  EXPECT_EQ(read(*contents, "d/a"), "aaa");
  EXPECT_EQ(read(*contents, "d/empty"), "");
  EXPECT_EQ(read(*contents, "e"), "bbbbb");
  EXPECT_EQ(read(*contents, "d/a"), "aaa") << "also a second time";
}

TEST_F(SnapshotFilePack, OpensACopyOfAFile) {
  FilePack pack(path_, index_);
  os::Fd copy = pack.open(*index_->find("e"));
  os::FdSource source(copy.get(), "e");
  EXPECT_EQ(base::read_all(source, 100, "e"), "bbbbb");
}

TEST_F(SnapshotFilePack, OneOfAnotherSizeIsDamaged) {
  for (const char* content : {"aaabbbb", "aaabbbbbb", ""}) {
    std::ofstream(path_, std::ios::trunc) << content;
    EXPECT_EQ(error_of([&] { FilePack(path_, index_); }).kind(), base::ErrorKind::kCorrupt) << content;
  }
}

TEST(SnapshotBelongInPack, ManySmallFilesDo) {
  EXPECT_TRUE(belong_in_pack(std::vector<std::uint64_t>(1000, 2000)));
  EXPECT_FALSE(belong_in_pack({}));
  EXPECT_FALSE(belong_in_pack(std::vector<std::uint64_t>(10, 2000))) << "few";
  EXPECT_FALSE(belong_in_pack(std::vector<std::uint64_t>(1000, 1 << 20))) << "large on the whole";
  std::vector<std::uint64_t> sizes(1000, 2000);
  sizes[7] = 100 << 20;
  EXPECT_FALSE(belong_in_pack(sizes)) << "one is too large to be copied";
}

}  // namespace
}  // namespace cooper::snapshot
