#include "ops/unpack.h"

#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ops/stage.h"
#include "tests/unit/ops/fixture.h"

namespace cooper::ops {
namespace {

using snapshot::EntryType;
using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OpsUnpack : public OpsFixture {
 protected:
  // What ADD of the archive to /target adds.
  std::vector<Addition> unpack(const LayerTar& tar) {
    write("t.tar", tar.bytes());
    std::shared_ptr<const snapshot::TreeView> source = context();
    TreeBuilder builder(base_);
    builder.make_directories("target", {});
    os::make_directories(scratch_);
    unpack_into(builder, *source, *source->lookup("t.tar"), "target", attributes_, scratch_);
    return builder.take();
  }
  static const Addition& at(const std::vector<Addition>& additions, const std::string& path) {
    for (const Addition& addition : additions) {
      if (addition.entry.path == path) return addition;
    }
    throw std::out_of_range("no addition " + path);
  }
  void expect_refused(const LayerTar& tar, const std::string& why) {
    std::filesystem::remove_all(scratch_);
    base::Error error = error_of([&] { unpack(tar); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
    EXPECT_THAT(error.message(), HasSubstr(why));
    EXPECT_THAT(error.message(), HasSubstr("'/t.tar'"));
  }

  std::shared_ptr<const snapshot::TreeView> base_;
  CopyAttributes attributes_;
  std::string scratch_ = directory_.path() + "/scratch";
};

TEST_F(OpsUnpack, MembersKeepTheirAttributes) {
  archive::TarEntry owned;
  owned.path = "dir/file";
  owned.mode = 04755;
  owned.uid = 7;
  owned.gid = 8;
  owned.mtime = 123;
  std::vector<Addition> made =
      unpack(LayerTar().directory("dir", 0700).add(owned, "bytes").symlink("link", "dir/file"));
  EXPECT_THAT(paths(made), ElementsAre("target", "target/dir", "target/dir/file", "target/link"));
  EXPECT_EQ(at(made, "target/dir").entry.mode, 0700U);
  const snapshot::Entry& file = at(made, "target/dir/file").entry;
  EXPECT_EQ(file.mode, 04755U);
  EXPECT_EQ(file.uid, 7U);
  EXPECT_EQ(file.gid, 8U);
  EXPECT_EQ(file.mtime, 123);
  EXPECT_EQ(file.size, 5U);
  EXPECT_EQ(at(made, "target/link").entry.link_target, "dir/file");
}

TEST_F(OpsUnpack, ASymlinkHasItsOneModeWhateverTheTarSays) {
  archive::TarEntry link;
  link.path = "link";
  link.type = archive::EntryType::kSymlink;
  link.link_target = "x";
  link.mode = 0644;
  std::vector<Addition> made = unpack(LayerTar().add(link));
  EXPECT_EQ(at(made, "target/link").entry.mode, 0777U);
}

TEST_F(OpsUnpack, OwnerAndModeMayBeSet) {
  attributes_.uid = 1;
  attributes_.gid = 2;
  attributes_.mode = "u=rwX,go=";
  std::vector<Addition> made = unpack(LayerTar().file("new/parent/f", "x", 0644).symlink("l", "f"));
  EXPECT_EQ(at(made, "target/new/parent/f").entry.mode, 0600U);
  EXPECT_EQ(at(made, "target/new/parent/f").entry.uid, 1U);
  EXPECT_EQ(at(made, "target/new").entry.gid, 2U) << "parents that the archive does not list";
  EXPECT_EQ(at(made, "target/l").entry.mode, 0777U);
}

TEST_F(OpsUnpack, ContentsReachTheLayer) {
  std::vector<Addition> made = unpack(LayerTar().file("a", "one").file("b", std::string(300'000, 'x')));
  snapshot::Staging staging = layers_.begin();
  snapshot::LayerIndex index = stage_additions(std::move(made), staging, form(), LayerUse::kMounted, pool_);
  snapshot::MergedView view({layers_.commit(std::move(staging), std::move(index))});
  EXPECT_EQ(content(view, "target/a"), "one");
  EXPECT_EQ(content(view, "target/b"), std::string(300'000, 'x'));
}

TEST_F(OpsUnpack, HardlinksLinkToMembers) {
  std::vector<Addition> made = unpack(LayerTar().file("b", "x").hardlink("a", "b").hardlink("c", "a"));
  EXPECT_EQ(at(made, "target/a").entry.type, EntryType::kFile);
  EXPECT_EQ(at(made, "target/b").entry.type, EntryType::kHardlink);
  EXPECT_EQ(at(made, "target/b").entry.link_target, "target/a");
  EXPECT_EQ(at(made, "target/c").entry.link_target, "target/a");
}

TEST_F(OpsUnpack, ALaterMemberReplacesAnEarlierOne) {
  std::vector<Addition> made = unpack(LayerTar().file("a", "1").file("a", "22"));
  EXPECT_THAT(paths(made), ElementsAre("target", "target/a"));
  EXPECT_EQ(at(made, "target/a").entry.size, 2U);
}

TEST_F(OpsUnpack, AbsoluteNamesLieBelowTheTarget) {
  EXPECT_THAT(paths(unpack(LayerTar().file("/etc/passwd", "x").file("./plain", "y"))),
              ElementsAre("target", "target/etc", "target/etc/passwd", "target/plain"));
}

TEST_F(OpsUnpack, TheArchivesOwnRootIsNoMember) {
  std::vector<Addition> made = unpack(LayerTar().directory(".", 0700).directory("./", 0700).file("./a", ""));
  EXPECT_THAT(paths(made), ElementsAre("target", "target/a"));
  EXPECT_EQ(at(made, "target").entry.mode, 0755U);
}

TEST_F(OpsUnpack, RefusesNamesThatClimb) {
  for (const char* name : {"../x", "a/../../x", "/../x", "a/..", ".."}) {
    expect_refused(LayerTar().file(name, "x"), "would leave its directory");
  }
  expect_refused(LayerTar().file("a", "x").hardlink("b", "../../etc/passwd"), "would leave its directory");
}

TEST_F(OpsUnpack, LinksLeadNowhereOutsideTheImage) {
  base_ = view(LayerTar().directory("etc").file("etc/passwd", "root"));
  std::vector<Addition> made = unpack(LayerTar()
                                          .symlink("up", "../../../../../../etc")
                                          .file("up/shadow", "x")
                                          .symlink("abs", "/etc")
                                          .file("abs/x", ""));
  EXPECT_THAT(paths(made), ElementsAre("etc", "etc/shadow", "etc/x", "target", "target/abs", "target/up"));
  EXPECT_FALSE(std::filesystem::exists("/etc/shadow-" + at(made, "etc/shadow").entry.path));
  for (const auto& item : std::filesystem::recursive_directory_iterator(scratch_)) {
    EXPECT_TRUE(item.is_directory() || item.path().filename().string().starts_with("packed")) << item.path();
  }
}

TEST_F(OpsUnpack, ALinkLoopIsAnError) {
  base::Error error =
      error_of([&] { unpack(LayerTar().symlink("a", "b").symlink("b", "a").file("a/x", "")); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
}

TEST_F(OpsUnpack, HardlinksNeedTheirTargetInTheArchive) {
  base_ = view(LayerTar().file("outside", "x").directory("target").file("target/older", "y"));
  expect_refused(LayerTar().hardlink("a", "missing"), "links 'a' to 'missing', which it does not hold");
  expect_refused(LayerTar().hardlink("a", "older"), "which it does not hold");
  expect_refused(LayerTar().directory("d").hardlink("a", "d"), "which it does not hold");
}

TEST_F(OpsUnpack, ATruncatedArchiveIsCorrupt) {
  std::string bytes = LayerTar().file("a", std::string(5000, 'x')).bytes();
  write("t.tar", bytes.substr(0, 2000));
  std::shared_ptr<const snapshot::TreeView> source = context();
  TreeBuilder builder(nullptr);
  os::make_directories(scratch_);
  base::Error error =
      error_of([&] { unpack_into(builder, *source, *source->lookup("t.tar"), "", attributes_, scratch_); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
}

TEST_F(OpsUnpack, OverlaysOwnAttributesAreNotTakenOver) {
  archive::TarEntry directory;
  directory.path = "d";
  directory.type = archive::EntryType::kDirectory;
  directory.xattrs = {{"user.overlay.opaque", "y"}, {"trusted.overlay.opaque", "y"}, {"user.own", "x"}};
  snapshot::Entry made = unpack(LayerTar().add(directory)).back().entry;
  EXPECT_THAT(made.xattrs, ElementsAre(::testing::Pair("user.own", "x")));
}

TEST_F(OpsUnpack, NamesAreBounded) {
  std::string deep;
  while (deep.size() < 4000) deep += "d/";
  EXPECT_EQ(unpack(LayerTar().file(deep + "end", "x")).back().entry.path, "target/" + deep + "end");
  expect_refused(LayerTar().file(deep + std::string(200, 'x'), "x"), "a name of more than 4095 bytes");
  expect_refused(LayerTar().symlink("a", std::string(9000, 'x')), "a name of more than 4095 bytes");
}

TEST_F(OpsUnpack, AFileThatNoDiskHoldsIsRefusedBeforeAnyByte) {
  // A header that promises 2^62 bytes, in base 256 (GNU), its checksum put right.
  std::string bytes = LayerTar().file("huge", "x").bytes();
  bytes.replace(124, 12, std::string("\x80\0\0\0\x40\0\0\0\0\0\0\0", 12));
  bytes.replace(148, 8, "        ");
  unsigned sum = 0;
  for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  bytes.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  write("t.tar", bytes);
  std::shared_ptr<const snapshot::TreeView> source = context();
  TreeBuilder builder(nullptr);
  os::make_directories(scratch_);
  base::Error error =
      error_of([&] { unpack_into(builder, *source, *source->lookup("t.tar"), "", attributes_, scratch_); });
  EXPECT_EQ(error.errno_value(), ENOSPC);
  EXPECT_THAT(error.message(), HasSubstr("'huge'"));
}

TEST_F(OpsUnpack, TheSameArchiveMayBeAddedTwice) {
  write("t.tar", LayerTar().file("a", "x").hardlink("b", "a").bytes());
  std::shared_ptr<const snapshot::TreeView> source = context();
  TreeBuilder builder(nullptr);
  os::make_directories(scratch_);
  for (const char* target : {"one", "two"}) {
    builder.make_directories(target, {});
    unpack_into(builder, *source, *source->lookup("t.tar"), target, attributes_, scratch_);
  }
  std::vector<Addition> made = builder.take();
  EXPECT_THAT(paths(made), ElementsAre("one", "one/a", "one/b", "two", "two/a", "two/b"));
  EXPECT_EQ(at(made, "one/b").entry.link_target, "one/a");
  EXPECT_EQ(at(made, "two/b").entry.link_target, "two/a") << "links stay within their archive";
}

}  // namespace
}  // namespace cooper::ops
