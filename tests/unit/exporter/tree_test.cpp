#include "exporter/tree.h"

#include <filesystem>
#include <gmock/gmock.h>
#include <map>

#include "archive/tar_reader.h"
#include "tests/unit/exporter/fixture.h"

namespace cooper::exporter {
namespace {

namespace fs = std::filesystem;
using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ExporterTree : public ExporterFixture {
 protected:
  std::unique_ptr<Exporter> exporter(const std::string& name, bool as_tar = false,
                                     std::optional<bool> split = std::nullopt,
                                     std::optional<std::int64_t> epoch = std::nullopt) {
    return make_tree_exporter({as_tar, {path(name), -1}, split, epoch}, layers_, pool_);
  }
  struct stat status(const std::string& name) const {
    struct stat info {};
    EXPECT_EQ(::lstat(path(name).c_str(), &info), 0) << name;
    return info;
  }
  std::string read(const std::string& name) const { return os::read_file(path(name)); }
};

TEST_F(ExporterTree, WritesTheMergedTree) {
  EXPECT_FALSE(exporter("out")->needs_image());
  std::string line =
      run(*exporter("out"),
          built({image({LayerTar().directory("d", 0750).file("d/a", "old").file("d/gone", "x"),
                        LayerTar().file("d/a", "new", 0640).file("d/.wh.gone").symlink("l", "d/a")})}));
  EXPECT_EQ(read("out/d/a"), "new");
  EXPECT_EQ(status("out/d/a").st_mode & 07777, 0640U);
  EXPECT_EQ(status("out/d/a").st_mtime, 1'700'000'000);
  EXPECT_EQ(status("out/d").st_mode & 07777, 0750U);
  EXPECT_EQ(status("out/d").st_mtime, 1'700'000'001) << "though files were written into it";
  EXPECT_EQ(fs::read_symlink(path("out/l")), "d/a");
  EXPECT_FALSE(fs::exists(path("out/d/gone")));
  EXPECT_EQ(line, "wrote the files to " + path("out"));
}

TEST_F(ExporterTree, HardlinksAreKept) {
  run(*exporter("out"), built({image({LayerTar().file("a", "x").hardlink("b", "a")})}));
  EXPECT_EQ(status("out/a").st_ino, status("out/b").st_ino);
  EXPECT_EQ(status("out/a").st_nlink, 2U);
}

TEST_F(ExporterTree, ReplacesFilesAndKeepsOthers) {
  fs::create_directory(path("out"));
  os::write_file_atomically(path("out/a"), "older and longer");
  os::write_file_atomically(path("out/mine"), "mine");
  run(*exporter("out"), built({image({LayerTar().file("a", "x")})}));
  EXPECT_EQ(read("out/a"), "x");
  EXPECT_EQ(read("out/mine"), "mine");
}

TEST_F(ExporterTree, NeverWritesThroughALinkInTheDestination) {
  fs::create_directories(path("out"));
  fs::create_directory(path("victim"));
  os::write_file_atomically(path("victim/file"), "untouched");
  fs::create_symlink(path("victim"), path("out/d"));
  fs::create_symlink(path("victim/file"), path("out/f"));
  run(*exporter("out"), built({image({LayerTar().directory("d").file("d/file", "evil").file("f", "evil")})}));
  EXPECT_EQ(read("victim/file"), "untouched");
  EXPECT_FALSE(fs::is_symlink(path("out/d")));
  EXPECT_EQ(read("out/d/file"), "evil");
  EXPECT_EQ(read("out/f"), "evil");
}

TEST_F(ExporterTree, TheImagesOwnLinksAreNotFollowedEither) {
  run(*exporter("out"), built({image({LayerTar().symlink("d", path("victim"))})}));
  fs::create_directory(path("victim"));
  run(*exporter("out"), built({image({LayerTar().directory("d").file("d/x", "x")})}));
  EXPECT_TRUE(fs::is_empty(path("victim")));
  EXPECT_EQ(read("out/d/x"), "x");
}

TEST_F(ExporterTree, DevicesAreLeftOutAndCounted) {
  archive::TarEntry device;
  device.path = "null";
  device.type = archive::EntryType::kCharDevice;
  device.mode = 0666;
  device.device_major = 1;
  device.device_minor = 3;
  std::string line = run(*exporter("out"), built({image({LayerTar().add(device).file("a")})}));
  EXPECT_THAT(line, HasSubstr("without 1 device node"));
  EXPECT_FALSE(fs::exists(path("out/null")));
  EXPECT_TRUE(fs::exists(path("out/a")));
}

TEST_F(ExporterTree, PlatformsHaveFolders) {
  BuiltImages both = built({image({LayerTar().file("a", "amd")}, "linux/amd64"),
                            image({LayerTar().file("a", "arm")}, "linux/arm/v7")});
  run(*exporter("out"), both);
  EXPECT_EQ(read("out/linux_amd64/a"), "amd");
  EXPECT_EQ(read("out/linux_arm_v7/a"), "arm");
  run(*exporter("one", false, true), built({image({LayerTar().file("a", "amd")}, "linux/amd64")}));
  EXPECT_EQ(read("one/linux_amd64/a"), "amd");
}

TEST_F(ExporterTree, APlatformThatWasAskedForByNameHasAFolderToo) {
  BuiltImages one = built({image({LayerTar().file("a", "x")})});
  one.multi_platform = true;
  run(*exporter("out"), one);
  EXPECT_EQ(read("out/linux_amd64/a"), "x");
}

TEST_F(ExporterTree, PlatformsMayShareDirectoriesButNoFiles) {
  BuiltImages apart = built({image({LayerTar().directory("d").file("d/a", "1")}),
                             image({LayerTar().directory("d").file("d/b", "2")}, "linux/arm64")});
  run(*exporter("out", false, false), apart);
  EXPECT_EQ(read("out/d/a") + read("out/d/b"), "12");
  run(*exporter("out.tar", true, false), apart);
  std::string tar = read("out.tar");
  base::MemorySource source(tar);
  archive::TarReader reader(source);
  std::vector<std::string> members;
  while (auto member = reader.next()) members.push_back(member->path);
  EXPECT_THAT(members, ElementsAre("d", "d/a", "d/b"));

  BuiltImages same =
      built({image({LayerTar().file("d/a", "1")}), image({LayerTar().file("d/a", "2")}, "linux/arm64")});
  base::Error error = error_of([&] { run(*exporter("other", false, false), same); });
  EXPECT_THAT(error.message(), HasSubstr("'/d/a' is in the results for linux/amd64 and for linux/arm64"));
  EXPECT_FALSE(fs::exists(path("other")));
  BuiltImages kinds =
      built({image({LayerTar().file("d", "1")}), image({LayerTar().file("d/a", "2")}, "linux/arm64")});
  EXPECT_THROW(run(*exporter("other", false, false), kinds), base::Error);
}

TEST_F(ExporterTree, NewerTimesBecomeTheEpoch) {
  run(*exporter("out", false, std::nullopt, 1'000'000), built({image({LayerTar().file("a", "x")})}));
  EXPECT_EQ(status("out/a").st_mtime, 1'000'000);
}

TEST_F(ExporterTree, ATarHasOwnersDevicesAndLinks) {
  archive::TarEntry device;
  device.path = "null";
  device.type = archive::EntryType::kCharDevice;
  device.device_major = 1;
  device.device_minor = 3;
  archive::TarEntry owned;
  owned.path = "owned";
  owned.mode = 04755;
  owned.uid = 12;
  run(*exporter("out.tar", true),
      built({image({LayerTar().add(device).add(owned, "x").file("z", "1").hardlink("zz", "z")})}));
  std::string bytes = read("out.tar");
  base::MemorySource source{std::string_view(bytes)};
  archive::TarReader reader(source);
  std::map<std::string, archive::TarEntry> members;
  while (auto entry = reader.next()) members[entry->path] = *entry;
  EXPECT_EQ(members.at("null").device_minor, 3U);
  EXPECT_EQ(members.at("owned").uid, 12U);
  EXPECT_EQ(members.at("owned").mode, 04755U);
  EXPECT_EQ(members.at("zz").type, archive::EntryType::kHardlink);
  EXPECT_EQ(members.at("zz").link_target, "z");
}

}  // namespace
}  // namespace cooper::exporter
