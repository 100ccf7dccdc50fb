#include <gmock/gmock.h>

#include "ops/copy.h"
#include "tests/unit/ops/fixture.h"

namespace cooper::ops {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OpsSelect : public OpsFixture {
 protected:
  static graph::CopyAction copy(std::vector<std::string> sources) {
    graph::CopyAction action;
    action.sources = std::move(sources);
    action.destination = "/out/";
    return action;
  }
  // "named" for files, "named/" and the paths below for directories.
  std::vector<std::string> select(const graph::CopyAction& action, std::vector<std::string> ignored = {}) {
    std::vector<std::string> taken;
    for (const Selection& selection : select_sources(action, *context(std::move(ignored)), pool_)) {
      taken.push_back(selection.named + (selection.root.is_directory() ? "/" : ""));
      for (const snapshot::Entry& entry : selection.entries) taken.push_back(" " + entry.path);
    }
    return taken;
  }
};

TEST_F(OpsSelect, TakesFilesAndWholeDirectories) {
  write("a.txt", "a");
  write("src/main.c", "main");
  write("src/lib/x.c", "x");
  EXPECT_THAT(select(copy({"/a.txt", "/src"})),
              ElementsAre("a.txt", "src/", " src/lib", " src/lib/x.c", " src/main.c"));
  EXPECT_THAT(select(copy({"/"})),
              ElementsAre("/", " a.txt", " src", " src/lib", " src/lib/x.c", " src/main.c"));
}

TEST_F(OpsSelect, NamesTheMissingSource) {
  write("here", "");
  base::Error error = error_of([&] { select(copy({"/here", "/sub/gone"})); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kContext);
  EXPECT_EQ(error.message(), "'/sub/gone': not found");
  EXPECT_NE(error.hint(), "");
}

TEST_F(OpsSelect, WildcardsMatchOneComponentEach) {
  write("a1", "");
  write("a2", "");
  write("b", "");
  write("x/k/deep.go", "");
  write("y/k/deep.go", "");
  write("y/other.go", "");
  EXPECT_THAT(select(copy({"/a*"})), ElementsAre("a1", "a2"));
  EXPECT_THAT(select(copy({"/a[2-9]", "/?"})), ElementsAre("a2", "b", "x/", " x/k", " x/k/deep.go", "y/",
                                                           " y/k", " y/k/deep.go", " y/other.go"));
  EXPECT_THAT(select(copy({"/*/k/*.go"})), ElementsAre("x/k/deep.go", "y/k/deep.go"));
}

TEST_F(OpsSelect, AWildcardWithoutMatchIsAllowedOrNot) {
  graph::CopyAction action = copy({"/*.none"});
  EXPECT_THAT(select(action), IsEmpty());
  action.allow_empty_wildcard = false;
  EXPECT_EQ(error_of([&] { select(action); }).message(), "'/*.none': not found");
}

TEST_F(OpsSelect, LiteralNamesMayHoldWildcardCharacters) {
  write("a*b", "star");
  write("axb", "");
  graph::CopyAction action = copy({"/a*b"});
  action.literal = true;
  EXPECT_THAT(select(action), ElementsAre("a*b"));
}

TEST_F(OpsSelect, ExcludesAreRelativeToEachSource) {
  write("src/a.o", "");
  write("src/a.c", "");
  write("src/deep/b.o", "");
  write("src/only/c.o", "");
  write("top.o", "");
  graph::CopyAction action = copy({"/src", "/top.o"});
  action.excludes = {"**/*.o"};
  EXPECT_THAT(select(action), ElementsAre("src/", " src/a.c", " src/deep", " src/only"));
  action.excludes = {"deep", "*.o"};
  EXPECT_THAT(select(action), ElementsAre("src/", " src/a.c", " src/only", " src/only/c.o"));
}

TEST_F(OpsSelect, AnExcludedDirectoryStaysForWhatAnExceptionBringsBack) {
  write("src/gen/keep.h", "");
  write("src/gen/drop.h", "");
  graph::CopyAction action = copy({"/src"});
  action.excludes = {"gen", "!gen/keep.h"};
  EXPECT_THAT(select(action), ElementsAre("src/", " src/gen", " src/gen/keep.h"));
}

TEST_F(OpsSelect, IgnoredFilesDoNotExist) {
  write("a", "");
  write("secret", "");
  EXPECT_THAT(select(copy({"/"}), {"secret"}), ElementsAre("/", " a"));
  EXPECT_EQ(error_of([&] { select(copy({"/secret"}), {"secret"}); }).message(), "'/secret': not found");
}

TEST_F(OpsSelect, FollowsTheSourceLinkAndKeepsItsName) {
  write("real/file", "x");
  link("to-file", "real/file");
  link("to-dir", "/real");
  std::vector<Selection> taken = select_sources(copy({"/to-file", "/to-dir"}), *context(), pool_);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].named, "to-file");
  EXPECT_EQ(taken[0].root.path, "real/file");
  EXPECT_EQ(taken[0].root.type, snapshot::EntryType::kFile);
  EXPECT_EQ(taken[1].root.path, "real");
  ASSERT_EQ(taken[1].entries.size(), 1U);
  EXPECT_EQ(taken[1].entries[0].path, "real/file");
}

TEST_F(OpsSelect, MayTakeTheLinkItself) {
  link("dangling", "nowhere");
  graph::CopyAction action = copy({"/dangling"});
  EXPECT_EQ(error_of([&] { select(action); }).kind(), base::ErrorKind::kContext);
  action.follow_symlinks = false;
  std::vector<Selection> taken = select_sources(action, *context(), pool_);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].root.type, snapshot::EntryType::kSymlink);
  EXPECT_EQ(taken[0].root.link_target, "nowhere");
}

TEST_F(OpsSelect, LinksCannotLeaveTheContext) {
  std::ofstream(directory_.path() + "/outside") << "secret";
  link("escape", "../../../../" + directory_.path() + "/outside");
  EXPECT_EQ(error_of([&] { select(copy({"/escape"})); }).kind(), base::ErrorKind::kContext);
}

TEST_F(OpsSelect, ParentsKeepThePathBelowThePivot) {
  write("app/src/main.c", "");
  write("app/src/other/x.c", "");
  write("app/doc/readme", "");
  graph::CopyAction action = copy({"/app/./src/main.c"});
  action.keep_parents = true;
  EXPECT_THAT(select(action), ElementsAre("app/", " app/src", " app/src/main.c"));
  action.sources = {"/app/src/main.c"};
  EXPECT_THAT(select(action), ElementsAre("/", " app", " app/src", " app/src/main.c"));
  action.sources = {"/app/./*/*.c"};
  EXPECT_THAT(select(action), ElementsAre("app/", " app/src", " app/src/main.c"));
  action.sources = {"/app/./src"};
  action.excludes = {"src/other"};
  EXPECT_THAT(select(action), ElementsAre("app/", " app/src", " app/src/main.c"));
}

TEST_F(OpsSelect, ParentsNeedTheirLiteralSource) {
  write("app/a", "");
  graph::CopyAction action = copy({"/app/./gone"});
  action.keep_parents = true;
  EXPECT_EQ(error_of([&] { select(action); }).message(), "'/app/gone': not found");
  action.sources = {"/none/./a"};
  EXPECT_EQ(error_of([&] { select(action); }).kind(), base::ErrorKind::kContext);
}

TEST_F(OpsSelect, OnlyAddRecognisesArchives) {
  write("t.tar", LayerTar().file("member", "m").bytes());
  write("not.tar", "just text");
  graph::CopyAction action = copy({"/t.tar", "/not.tar"});
  for (const Selection& one : select_sources(action, *context(), pool_)) EXPECT_FALSE(one.is_archive);
  action.unpack_archives = true;
  std::vector<Selection> taken = select_sources(action, *context(), pool_);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_TRUE(taken[0].is_archive);
  EXPECT_FALSE(taken[1].is_archive) << "decided by content, not by name";
}

}  // namespace
}  // namespace cooper::ops
