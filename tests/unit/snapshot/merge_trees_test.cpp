#include "snapshot/merge_trees.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "os/fd.h"
#include "snapshot/apply.h"
#include "support/error_of.h"
#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using support::error_of;
using support::LayerTar;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SnapshotMergeTrees : public support::LayerFixture {
 protected:
  SnapshotMergeTrees() { fs::create_directory(tree_); }

  void add(const LayerTar& tar) {
    const os::TempDir from(directory_.path());
    const std::string bytes = tar.bytes();
    base::MemorySource source{std::string_view(bytes)};
    merger().add(from.path(), apply_layer(source, from.path(), form(), {}, {}));
  }
  TreeMerger& merger() {
    if (!merger_) merger_.emplace(tree_, form());
    return *merger_;
  }
  std::string path(const std::string& name) const { return tree_ + "/" + name; }
  std::string read(const std::string& name) const { return os::read_file(path(name)); }
  bool exists(const std::string& name) const {
    return fs::symlink_status(path(name)).type() != fs::file_type::not_found;
  }
  struct stat status(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(::lstat(path(name).c_str(), &info), 0) << name;
    return info;
  }

  std::string tree_ = directory_.path() + "/tree";
  std::optional<TreeMerger> merger_;
};

TEST_F(SnapshotMergeTrees, LaterLayersWin) {
  add(LayerTar()
          .directory("d")
          .file("d/a", "old")
          .file("d/b", "kept")
          .file("gone", "x")
          .directory("gone2")
          .file("gone2/x", "x"));
  add(LayerTar().file("d/a", "new", 0640).file("c", "new").file(".wh.gone").file(".wh.gone2"));
  const LayerIndex index = merger().finish();
  EXPECT_EQ(read("d/a"), "new");
  EXPECT_EQ(read("d/b"), "kept");
  EXPECT_EQ(read("c"), "new");
  EXPECT_FALSE(exists("gone"));
  EXPECT_FALSE(exists("gone2"));
  EXPECT_EQ(status("d/a").st_mode & 07777, 0640U);
  EXPECT_EQ(status("d/a").st_mtime, 1'700'000'000);
  EXPECT_EQ(status("d").st_mtime, 1'700'000'001) << "what was put into it later does not count";
  EXPECT_EQ(index.find("gone2/x"), nullptr);
  EXPECT_EQ(index.find("d/a")->size, 3U);
}

TEST_F(SnapshotMergeTrees, FilesBecomeDirectoriesAndBack) {
  add(LayerTar().file("a", "file").directory("b").file("b/x", "x").symlink("c", "b"));
  add(LayerTar().directory("a").file("a/y", "y").file("b", "file").directory("c").file("c/z", "z"));
  merger().finish();
  EXPECT_EQ(read("a/y"), "y");
  EXPECT_EQ(read("b"), "file");
  EXPECT_EQ(read("c/z"), "z");
  EXPECT_TRUE(fs::is_directory(fs::symlink_status(path("c"))));
}

TEST_F(SnapshotMergeTrees, OpaqueDirectoriesHideWhatWasThere) {
  add(LayerTar().directory("d").file("d/old", "x").file("d/z", "x"));
  add(LayerTar().directory("d").file("d/.wh..wh..opq").file("d/new", "x"));
  merger().finish();
  EXPECT_FALSE(exists("d/old"));
  EXPECT_EQ(read("d/new"), "x");
}

TEST_F(SnapshotMergeTrees, NamesOfAFileStayNamesOfAFile) {
  add(LayerTar().file("a", "x").hardlink("b", "a").hardlink("c", "a"));
  add(LayerTar().file(".wh.a"));
  const LayerIndex index = merger().finish();
  EXPECT_EQ(status("b").st_ino, status("c").st_ino);
  EXPECT_EQ(status("b").st_nlink, 2U);
  EXPECT_EQ(index.find("c")->link_target, "b");
}

TEST_F(SnapshotMergeTrees, DirectoriesThatAreOnlyImpliedAreMade) {
  add(LayerTar().file("x/y/file", "x"));
  const LayerIndex index = merger().finish();
  EXPECT_EQ(read("x/y/file"), "x");
  ASSERT_NE(index.find("x/y"), nullptr);
  EXPECT_EQ(index.find("x/y")->mode, 0755U);
}

TEST_F(SnapshotMergeTrees, NothingIsWrittenThroughALinkOfALowerLayer) {
  fs::create_directory(directory_.path() + "/outside");
  add(LayerTar().symlink("way", directory_.path() + "/outside"));
  const base::Error error = error_of([&] { add(LayerTar().file("way/file", "x")); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr("lies below 'way', which is no directory"));
  EXPECT_TRUE(fs::is_empty(directory_.path() + "/outside"));
}

TEST_F(SnapshotMergeTrees, DevicesAreRefused) {
  archive::TarEntry device;
  device.path = "sda";
  device.type = archive::EntryType::kBlockDevice;
  device.device_major = 8;
  EXPECT_EQ(error_of([&] { add(LayerTar().add(device)); }).message(),
            "'sda' is a device, which no cache mount holds");
}

}  // namespace
}  // namespace cooper::snapshot
