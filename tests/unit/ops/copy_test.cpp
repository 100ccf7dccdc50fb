#include "ops/copy.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/unit/ops/fixture.h"

namespace cooper::ops {
namespace {

using snapshot::EntryType;
using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;

class OpsCopy : public OpsFixture {
 protected:
  OpsCopy() { attributes_.now = 777; }

  // Copies from the context onto `base`, and returns what the layer adds.
  std::vector<Addition> copy(std::vector<std::string> sources, const std::string& destination) {
    action_.sources = std::move(sources);
    action_.destination = destination;
    std::shared_ptr<const snapshot::TreeView> source = context();
    TreeBuilder builder(base_);
    copy_into(builder, action_, select_sources(action_, *source, pool_), source, attributes_, scratch_);
    return builder.take();
  }
  static const snapshot::Entry& entry(const std::vector<Addition>& additions, const std::string& path) {
    for (const Addition& addition : additions) {
      if (addition.entry.path == path) return addition.entry;
    }
    throw std::out_of_range("no addition " + path);
  }

  graph::CopyAction action_;
  CopyAttributes attributes_;
  std::shared_ptr<const snapshot::TreeView> base_;
  std::string scratch_ = directory_.path();
};

TEST_F(OpsCopy, AFileBecomesTheDestination) {
  write("a", "content", 0640);
  std::vector<Addition> made = copy({"/a"}, "/new/name");
  EXPECT_THAT(paths(made), ElementsAre("new", "new/name"));
  EXPECT_EQ(entry(made, "new/name").mode, 0640U);
  EXPECT_EQ(entry(made, "new/name").size, 7U);
  EXPECT_EQ(entry(made, "new").mode, 0755U);
  EXPECT_EQ(entry(made, "new").mtime, 777);
}

TEST_F(OpsCopy, ATrailingSlashMeansADirectory) {
  write("dir/a", "x");
  EXPECT_THAT(paths(copy({"/dir/a"}, "/opt/x/")), ElementsAre("opt", "opt/x", "opt/x/a"));
}

TEST_F(OpsCopy, AnExistingDirectoryTakesTheFileInside) {
  base_ = view(LayerTar().directory("etc", 0700));
  write("a", "x");
  std::vector<Addition> made = copy({"/a"}, "/etc");
  EXPECT_THAT(paths(made), ElementsAre("etc", "etc/a"));
  EXPECT_EQ(entry(made, "etc").mode, 0700U) << "as the base has it";
  EXPECT_THAT(paths(copy({"/a"}, "/")), ElementsAre("a"));
}

TEST_F(OpsCopy, ADirectoryGivesItsContents) {
  write("src/main.c", "m");
  write("src/lib/x.c", "x");
  ::chmod(context_path("src/lib").c_str(), 0711);
  std::vector<Addition> made = copy({"/src"}, "/app");
  EXPECT_THAT(paths(made), ElementsAre("app", "app/lib", "app/lib/x.c", "app/main.c"));
  EXPECT_EQ(entry(made, "app/lib").mode, 0711U);
  EXPECT_EQ(entry(made, "app").mode, 0755U) << "created, not copied";
  EXPECT_THAT(paths(copy({"/src"}, "/")), ElementsAre("lib", "lib/x.c", "main.c"));
}

TEST_F(OpsCopy, ExistingDirectoriesTakeTheAttributesOfTheSource) {
  base_ = view(LayerTar().directory("app", 0700).directory("app/lib", 0700).file("app/lib/old", "o"));
  write("src/lib/new", "n");
  ::chmod(context_path("src/lib").c_str(), 0750);
  std::vector<Addition> made = copy({"/src"}, "/app");
  EXPECT_THAT(paths(made), ElementsAre("app", "app/lib", "app/lib/new"));
  EXPECT_EQ(entry(made, "app").mode, 0700U);
  EXPECT_EQ(entry(made, "app/lib").mode, 0750U);
}

TEST_F(OpsCopy, RefusesADirectoryOverAFile) {
  base_ = view(LayerTar().directory("app").file("app/lib", "a file"));
  write("src/lib/x", "x");
  base::Error error = error_of([&] { copy({"/src"}, "/app"); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(), "cannot copy a directory over the file '/app/lib'");
  EXPECT_EQ(error_of([&] { copy({"/src"}, "/app/lib"); }).message(), "not a directory: '/app/lib'");
  EXPECT_EQ(error_of([&] { copy({"/src"}, "/app/lib/deeper/"); }).message(), "not a directory: '/app/lib'");
}

TEST_F(OpsCopy, RefusesAFileOverADirectory) {
  base_ = view(LayerTar().directory("app").directory("app/x"));
  write("src/x", "a file");
  EXPECT_EQ(error_of([&] { copy({"/src"}, "/app"); }).message(),
            "cannot copy a file over the directory '/app/x'");
}

TEST_F(OpsCopy, FollowsLinksOfTheDestination) {
  base_ = view(LayerTar().directory("real").symlink("link", "real").symlink("to-file", "real/target"));
  write("a", "x");
  EXPECT_THAT(paths(copy({"/a"}, "/link/")), ElementsAre("real", "real/a"));
  EXPECT_THAT(paths(copy({"/a"}, "/link")), ElementsAre("real", "real/a"));
  EXPECT_THAT(paths(copy({"/a"}, "/to-file")), ElementsAre("real", "real/target"));
}

TEST_F(OpsCopy, LinksOfTheDestinationStayInsideTheImage) {
  base_ = view(LayerTar().symlink("out", "../../../../../tmp"));
  write("a", "x");
  EXPECT_THAT(paths(copy({"/a"}, "/out/")), ElementsAre("tmp", "tmp/a"));
}

TEST_F(OpsCopy, ReplacesALinkThatACopiedDirectoryNames) {
  base_ = view(LayerTar().directory("app").symlink("app/config", "/etc/passwd"));
  write("src/config", "mine");
  std::vector<Addition> made = copy({"/src"}, "/app");
  EXPECT_THAT(paths(made), ElementsAre("app", "app/config"));
  EXPECT_EQ(entry(made, "app/config").type, EntryType::kFile);
}

TEST_F(OpsCopy, OwnersGoToAllThatIsCreated) {
  base_ = view(LayerTar().directory("base"));
  write("src/deep/a", "x");
  attributes_.uid = 12;
  attributes_.gid = 34;
  std::vector<Addition> made = copy({"/src"}, "/base/new/app");
  for (const char* path : {"base/new", "base/new/app", "base/new/app/deep", "base/new/app/deep/a"}) {
    EXPECT_EQ(entry(made, path).uid, 12U) << path;
    EXPECT_EQ(entry(made, path).gid, 34U) << path;
  }
  EXPECT_EQ(entry(made, "base").uid, 0U) << "was there before";
}

TEST_F(OpsCopy, ChmodAppliesToCopiedEntriesButNotLinks) {
  write("src/run", "x", 0644);
  write("src/d/x", "x", 0600);
  link("src/l", "run");
  attributes_.mode = "u=rwX,go=rX";
  std::vector<Addition> made = copy({"/src"}, "/app");
  EXPECT_EQ(entry(made, "app/run").mode, 0644U);
  EXPECT_EQ(entry(made, "app/d").mode, 0755U);
  EXPECT_EQ(entry(made, "app/l").mode, 0777U);
  attributes_.mode = "0750";
  made = copy({"/src"}, "/app");
  EXPECT_EQ(entry(made, "app/run").mode, 0750U);
  EXPECT_EQ(entry(made, "app").mode, 0755U) << "created, not copied";
}

TEST_F(OpsCopy, TimesAreTheSourcesUnlessFixed) {
  write("a", "x");
  timespec times[2] = {{1000, 5}, {1000, 5}};
  ::utimensat(AT_FDCWD, context_path("a").c_str(), times, 0);
  EXPECT_EQ(entry(copy({"/a"}, "/a"), "a").mtime, 1000);
  EXPECT_EQ(entry(copy({"/a"}, "/a"), "a").mtime_nsec, 5U);
  attributes_.fixed_mtime = 42;
  EXPECT_EQ(entry(copy({"/a"}, "/a"), "a").mtime, 42);
  EXPECT_EQ(entry(copy({"/a"}, "/a"), "a").mtime_nsec, 0U);
}

TEST_F(OpsCopy, HardlinksStayHardlinks) {
  write("src/a", "same");
  ASSERT_EQ(::link(context_path("src/a").c_str(), context_path("src/b").c_str()), 0);
  std::vector<Addition> made = copy({"/src"}, "/app");
  EXPECT_EQ(entry(made, "app/a").type, EntryType::kFile);
  EXPECT_EQ(entry(made, "app/b").type, EntryType::kHardlink);
  EXPECT_EQ(entry(made, "app/b").link_target, "app/a");
}

TEST_F(OpsCopy, ParentsThatAreThereKeepTheirAttributes) {
  base_ = view(LayerTar().directory("out", 0711).directory("out/a", 0700));
  write("a/b/file", "x");
  action_.keep_parents = true;
  attributes_.uid = 7;
  std::vector<Addition> made = copy({"/a/b/file"}, "/out/");
  EXPECT_THAT(paths(made), ElementsAre("out", "out/a", "out/a/b", "out/a/b/file"));
  EXPECT_EQ(entry(made, "out/a").mode, 0700U);
  EXPECT_EQ(entry(made, "out/a").uid, 0U);
  EXPECT_EQ(entry(made, "out/a/b").uid, 7U);
}

TEST_F(OpsCopy, ParentsAreKeptWithTheirAttributes) {
  write("a/b/file", "x");
  write("a/b/other", "x");
  ::chmod(context_path("a/b").c_str(), 0711);
  action_.keep_parents = true;
  std::vector<Addition> made = copy({"/a/b/file"}, "/out/");
  EXPECT_THAT(paths(made), ElementsAre("out", "out/a", "out/a/b", "out/a/b/file"));
  EXPECT_EQ(entry(made, "out/a/b").mode, 0711U);
  EXPECT_THAT(paths(copy({"/a/./b/file"}, "/out/")), ElementsAre("out", "out/b", "out/b/file"));
}

TEST_F(OpsCopy, LaterSourcesReplaceEarlierOnes) {
  write("one/f", "1");
  write("two/f", "22");
  std::vector<Addition> made = copy({"/one/f", "/two/f"}, "/out/");
  EXPECT_THAT(paths(made), ElementsAre("out", "out/f"));
  EXPECT_EQ(entry(made, "out/f").size, 2U);
}

TEST_F(OpsCopy, TheLinkGivesTheNameWhenItIsFollowed) {
  write("real", "x");
  link("alias", "real");
  EXPECT_THAT(paths(copy({"/alias"}, "/out/")), ElementsAre("out", "out/alias"));
}

}  // namespace
}  // namespace cooper::ops
