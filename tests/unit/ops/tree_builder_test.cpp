#include "ops/tree_builder.h"

#include <gmock/gmock.h>

#include "tests/unit/ops/fixture.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;
using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;

Addition file(const std::string& path, const std::string& content) {
  Addition addition;
  addition.entry.path = path;
  addition.entry.mode = 0644;
  addition.entry.size = content.size();
  addition.bytes.content = content;
  return addition;
}

Addition directory(const std::string& path, std::uint32_t mode) {
  Addition addition;
  addition.entry.path = path;
  addition.entry.type = EntryType::kDirectory;
  addition.entry.mode = mode;
  return addition;
}

std::vector<std::string> names(const std::vector<Entry>& entries) {
  std::vector<std::string> all;
  for (const Entry& entry : entries) all.push_back(entry.path);
  return all;
}

class OpsTreeBuilder : public OpsFixture {};

TEST_F(OpsTreeBuilder, ScratchIsAnEmptyRoot) {
  TreeBuilder builder(nullptr);
  ASSERT_TRUE(builder.lookup(""));
  EXPECT_TRUE(builder.lookup("")->is_directory());
  EXPECT_EQ(builder.lookup("a"), std::nullopt);
  EXPECT_TRUE(builder.list("").empty());
  EXPECT_TRUE(builder.take().empty());
}

TEST_F(OpsTreeBuilder, ShowsBaseAndAdditionsAsOneTree) {
  TreeBuilder builder(view(LayerTar().directory("etc").file("etc/a", "base").file("etc/c", "base")));
  builder.put(file("etc/b", "new"));
  builder.put(file("etc/c", "newer"));
  EXPECT_THAT(names(builder.list("etc")), ElementsAre("etc/a", "etc/b", "etc/c"));
  EXPECT_EQ(builder.lookup("etc/c")->size, 5U);
  EXPECT_EQ(builder.content_digest(*builder.lookup("etc/a")), base::sha256("base"));
  EXPECT_EQ(builder.content_digest(*builder.lookup("etc/c")), base::sha256("newer"));
  EXPECT_EQ(content(builder, "etc/a"), "base");
  EXPECT_EQ(builder.find_addition("etc/a"), nullptr);
  EXPECT_NE(builder.find_addition("etc/b"), nullptr);
}

TEST_F(OpsTreeBuilder, ParentsOfTheBaseJoinTheLayerUnchanged) {
  TreeBuilder builder(view(LayerTar().directory("a", 0700).directory("a/b", 01777).file("a/b/old")));
  builder.put(file("a/b/new", ""));
  std::vector<Addition> made = builder.take();
  EXPECT_THAT(paths(made), ElementsAre("a", "a/b", "a/b/new"));
  EXPECT_EQ(made[0].entry.mode, 0700U);
  EXPECT_EQ(made[1].entry.mode, 01777U);
  EXPECT_EQ(made[1].entry.mtime, 1'700'000'001);
}

TEST_F(OpsTreeBuilder, PutOverReplacesWhatIsOfAnotherKind) {
  TreeBuilder builder(
      view(LayerTar().symlink("lib", "usr/lib").directory("usr/lib").file("usr/lib/a").file("d/x")));
  builder.put_over(directory("lib", 0755));
  EXPECT_TRUE(builder.lookup("lib")->is_directory());
  EXPECT_TRUE(builder.list("lib").empty()) << "a new directory";
  builder.put(file("d/new", "1"));
  builder.put_over(file("d", "a file now"));
  EXPECT_EQ(builder.lookup("d/x"), std::nullopt);
  EXPECT_EQ(builder.lookup("d/new"), std::nullopt);
  builder.put_over(directory("usr/lib", 0700));
  EXPECT_THAT(names(builder.list("usr/lib")), ElementsAre("usr/lib/a")) << "directories are joined";
  EXPECT_THAT(paths(builder.take()), ElementsAre("d", "lib", "usr", "usr/lib"));
}

TEST_F(OpsTreeBuilder, NothingReplacesTheRoot) {
  TreeBuilder builder(nullptr);
  EXPECT_EQ(error_of([&] { builder.put_over(file("", "a file")); }).kind(), base::ErrorKind::kContext);
  builder.put_over(directory("", 0700));
  EXPECT_EQ(builder.lookup("")->mode, 0700U);
}

TEST_F(OpsTreeBuilder, LeavesOutWhatTheBaseHasJustSo) {
  auto base =
      view(LayerTar().directory("a").file("a/same", "1234").file("a/other", "1234").file("a/newer", "x"));
  auto at = [](Addition addition, std::int64_t mtime) {
    addition.entry.mtime = mtime;
    return addition;
  };
  TreeBuilder builder(base);
  builder.put(directory("a", 0755));
  builder.put(at(file("a/same", "1234"), 1'700'000'000));
  builder.put(at(file("a/other", "4321"), 1'700'000'000));
  builder.put(at(file("a/newer", "x"), 1'700'000'009));
  EXPECT_THAT(paths(builder.take()), ElementsAre("a", "a/newer", "a/other"));
  builder.put(directory("a", 0755));
  EXPECT_TRUE(builder.take().empty());
  builder.put(directory("a", 0700));
  EXPECT_THAT(paths(builder.take()), ElementsAre("a"));
}

TEST_F(OpsTreeBuilder, FreshTimesCanCountAsOne) {
  auto fresh = [](const std::string& path, const std::string& text, std::int64_t time) {
    Addition addition = file(path, text);
    addition.entry.mtime = time;
    addition.entry.fresh = true;
    return addition;
  };
  auto base = std::make_shared<TreeBuilder>(nullptr);
  base->put(fresh("a", "x", 1'700'000'000));
  base->put(fresh("b", "x", 1'700'000'000));
  Addition old = file("c", "x");
  old.entry.mtime = 1'700'000'000;
  base->put(std::move(old));
  auto copy = [&](bool one_fresh_time) {
    TreeBuilder builder(base);
    builder.put(fresh("a", "x", 1'800'000'000));
    builder.put(fresh("b", "y", 1'800'000'000));
    builder.put(fresh("c", "x", 1'800'000'000));
    return paths(builder.take(one_fresh_time));
  };
  EXPECT_THAT(copy(true), ElementsAre("b", "c"));
  EXPECT_THAT(copy(false), ElementsAre("a", "b", "c"));
}

// The file that is left out may not be what the other links to.
TEST_F(OpsTreeBuilder, ALinkOfAnUnchangedFileBecomesAFile) {
  TreeBuilder builder(view(LayerTar().file("a", "x")));
  for (const char* path : {"a", "b"}) {
    Addition addition = file(path, "x");
    addition.entry.mtime = 1'700'000'000;
    addition.link_group = "one";
    builder.put(std::move(addition));
  }
  std::vector<Addition> made = builder.take();
  ASSERT_THAT(paths(made), ElementsAre("b"));
  EXPECT_EQ(made[0].entry.type, EntryType::kFile);
}

TEST_F(OpsTreeBuilder, MakesMissingParentsWithTheGivenAttributes) {
  TreeBuilder builder(view(LayerTar().directory("a")));
  EXPECT_EQ(builder.make_directories("a/b/c", {0711, 5, 6, 99}), "a/b/c");
  EXPECT_EQ(builder.make_directories("a/b", {0777, 1, 1, 1}), "a/b") << "exists by now";
  std::vector<Addition> made = builder.take();
  EXPECT_THAT(paths(made), ElementsAre("a", "a/b", "a/b/c"));
  EXPECT_EQ(made[0].entry.mode, 0755U);
  for (std::size_t i : {1U, 2U}) {
    EXPECT_EQ(made[i].entry.mode, 0711U);
    EXPECT_EQ(made[i].entry.uid, 5U);
    EXPECT_EQ(made[i].entry.gid, 6U);
    EXPECT_EQ(made[i].entry.mtime, 99);
  }
}

TEST_F(OpsTreeBuilder, AnExistingDirectoryAddsNothing) {
  TreeBuilder builder(view(LayerTar().directory("a").directory("a/b")));
  EXPECT_EQ(builder.make_directories("a/b", {}), "a/b");
  EXPECT_EQ(builder.make_directories("", {}), "");
  EXPECT_TRUE(builder.take().empty());
}

TEST_F(OpsTreeBuilder, FollowsLinksInsideTheTree) {
  TreeBuilder builder(view(LayerTar().directory("real").symlink("abs", "/real").symlink("up", "../../real")));
  EXPECT_EQ(builder.make_directories("abs/x", {}), "real/x");
  EXPECT_EQ(builder.make_directories("up/y", {}), "real/y");
  EXPECT_THAT(paths(builder.take()), ElementsAre("real", "real/x", "real/y"));
}

TEST_F(OpsTreeBuilder, RefusesToGoThroughAFile) {
  TreeBuilder builder(view(LayerTar().file("f", "")));
  EXPECT_EQ(error_of([&] { builder.make_directories("f", {}); }).kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error_of([&] { builder.make_directories("f/below/it", {}); }).message(), "not a directory: '/f'");
}

TEST_F(OpsTreeBuilder, AFileOfThisLayerHidesWhatTheBaseHasBelow) {
  TreeBuilder builder(view(LayerTar().symlink("x", "y").directory("y").file("y/z")));
  builder.put(file("x", "now a file"));
  EXPECT_EQ(builder.lookup("x/z"), std::nullopt);
}

TEST_F(OpsTreeBuilder, ADirectoryOverADirectoryReplacesItsAttributes) {
  TreeBuilder builder(view(LayerTar().directory("d", 0700).file("d/kept")));
  builder.put(directory("d", 0750));
  EXPECT_EQ(builder.lookup("d")->mode, 0750U);
  EXPECT_TRUE(builder.lookup("d/kept")) << "its children stay";
  EXPECT_THAT(names(builder.list("d")), ElementsAre("d/kept"));
  EXPECT_THAT(paths(builder.take()), ElementsAre("d"));
}

TEST_F(OpsTreeBuilder, TheFirstOfALinkGroupKeepsTheBytes) {
  TreeBuilder builder(nullptr);
  for (const char* path : {"c", "a", "b"}) {
    Addition addition = file(path, "same");
    addition.link_group = "group";
    builder.put(std::move(addition));
  }
  builder.put(file("d", "same"));
  std::vector<Addition> made = builder.take();
  EXPECT_THAT(paths(made), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(made[0].entry.type, EntryType::kFile);
  EXPECT_EQ(made[1].entry.type, EntryType::kHardlink);
  EXPECT_EQ(made[2].entry.link_target, "a");
  EXPECT_EQ(made[3].entry.type, EntryType::kFile);
}

TEST_F(OpsTreeBuilder, SortsChildrenRightAfterTheirDirectory) {
  TreeBuilder builder(nullptr);
  builder.put(file("a-b", ""));
  builder.put(directory("a", 0755));
  builder.put(file("a/x", ""));
  EXPECT_THAT(paths(builder.take()), ElementsAre("a", "a/x", "a-b"));
}

}  // namespace
}  // namespace cooper::ops
