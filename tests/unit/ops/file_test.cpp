#include "ops/file.h"

#include <gmock/gmock.h>

#include "tests/unit/ops/services_fixture.h"

namespace cooper::ops {
namespace {

using support::error_of;
using support::LayerTar;
using ::testing::ElementsAre;

class OpsFile : public ServicesFixture {
 protected:
  snapshot::LayerPtr run(std::vector<graph::FileAction> actions, std::vector<solver::ResultPtr> inputs) {
    return run_file(0, graph::File{std::move(actions)}, inputs, services_, {});
  }
  static std::vector<std::string> paths(const snapshot::LayerPtr& layer) {
    std::vector<std::string> all;
    for (const snapshot::Entry& entry : layer->index().entries()) all.push_back(entry.path);
    return all;
  }
  static graph::CopyAction copy(const std::string& source, const std::string& destination, int input = 1) {
    graph::CopyAction action;
    action.input = input;
    action.sources = {source};
    action.destination = destination;
    return action;
  }
};

TEST_F(OpsFile, CopiesFromTheContextOntoScratch) {
  write("a", "hello", 0600);
  snapshot::LayerPtr made = run({copy("/a", "/x/")}, {nullptr, context_result()});
  EXPECT_THAT(paths(made), ElementsAre("x", "x/a"));
  EXPECT_EQ(text({made}, "x/a"), "hello");
  EXPECT_EQ(made->index().find("x/a")->mode, 0600U);
  EXPECT_EQ(made->index().find("x")->mtime, 5000);
}

// So that a layer from the cache and one made now look the same once sealing has set newer times to the
// epoch.
TEST_F(OpsFile, WithAnEpochWhatTheContextGivesCountsAsMadeNow) {
  write("a", "hello");
  timespec times[2] = {{1000, 7}, {1000, 7}};
  ASSERT_EQ(::utimensat(AT_FDCWD, context_path("a").c_str(), times, 0), 0);
  EXPECT_EQ(run({copy("/a", "/x/")}, {nullptr, context_result()})->index().find("x/a")->mtime, 1000);
  services_.epoch = 1234;
  snapshot::LayerPtr made = run({copy("/a", "/x/")}, {nullptr, context_result()});
  EXPECT_EQ(made->index().find("x/a")->mtime, 5000);
  EXPECT_EQ(made->index().find("x/a")->mtime_nsec, 0U);
  EXPECT_EQ(made->index().find("x")->mtime, 5000);
}

TEST_F(OpsFile, FilesOfAStageKeepTheirTimes) {
  services_.epoch = 1234;
  snapshot::LayerPtr made = run({copy("/a", "/b")}, {nullptr, stack(LayerTar().file("a", "x"))});
  EXPECT_EQ(made->index().find("b")->mtime, 1'700'000'000);
  EXPECT_EQ(text({made}, "b"), "x");
}

TEST_F(OpsFile, OwnersResolveInTheBase) {
  solver::ResultPtr base = stack(LayerTar()
                                     .directory("etc")
                                     .file("etc/passwd", "app:x:42:43::/home/app:/bin/sh\n")
                                     .file("etc/group", "web:x:99:\n"));
  write("a", "x");
  graph::CopyAction by_name = copy("/a", "/one/a");
  by_name.owner = graph::Owner{"app", ""};
  graph::CopyAction by_both = copy("/a", "/two");
  by_both.owner = graph::Owner{"7", "web"};
  snapshot::LayerPtr made = run({by_name, by_both}, {base, context_result()});
  EXPECT_EQ(made->index().find("one/a")->uid, 42U);
  EXPECT_EQ(made->index().find("one/a")->gid, 43U);
  EXPECT_EQ(made->index().find("one")->uid, 42U);
  EXPECT_EQ(made->index().find("two")->uid, 7U);
  EXPECT_EQ(made->index().find("two")->gid, 99U);
  by_name.owner = graph::Owner{"nobody-here", ""};
  EXPECT_EQ(error_of([&] { run({by_name}, {base, context_result()}); }).kind(), base::ErrorKind::kDockerfile);
}

TEST_F(OpsFile, MakesDirectoriesAndFiles) {
  graph::MkdirAction directory;
  directory.path = "/work/dir";
  directory.mode = 0711;
  graph::MkfileAction file;
  file.path = "/work/dir/note";
  file.content = "text";
  file.mode = 0640;
  snapshot::LayerPtr made = run({directory, file}, {nullptr});
  EXPECT_THAT(paths(made), ElementsAre("work", "work/dir", "work/dir/note"));
  EXPECT_EQ(made->index().find("work/dir")->mode, 0711U);
  EXPECT_EQ(made->index().find("work/dir/note")->mode, 0640U);
  EXPECT_EQ(made->index().find("work/dir/note")->mtime, 5000);
  EXPECT_EQ(text({made}, "work/dir/note"), "text");
}

TEST_F(OpsFile, LaterActionsSeeEarlierOnes) {
  graph::MkdirAction directory;
  directory.path = "/dest";
  write("a", "x");
  snapshot::LayerPtr made = run({directory, copy("/a", "/dest")}, {nullptr, context_result()});
  EXPECT_THAT(paths(made), ElementsAre("dest", "dest/a"));
}

TEST_F(OpsFile, AnExistingWorkingDirectoryMakesAnEmptyLayer) {
  graph::MkdirAction directory;
  directory.path = "/srv";
  snapshot::LayerPtr made = run({directory}, {stack(LayerTar().directory("srv", 0700))});
  EXPECT_TRUE(made->index().entries().empty());
}

TEST_F(OpsFile, UnpacksArchivesForAdd) {
  write("t.tar", LayerTar().file("in/side", "member").bytes());
  graph::CopyAction add = copy("/t.tar", "/opt");
  add.unpack_archives = true;
  snapshot::LayerPtr made = run({add}, {nullptr, context_result()});
  EXPECT_THAT(paths(made), ElementsAre("opt", "opt/in", "opt/in/side"));
  EXPECT_EQ(text({made}, "opt/in/side"), "member");
}

TEST_F(OpsFile, AFileThatChangesAfterItsKeyIsAnError) {
  write("a", "before");
  solver::ResultPtr source = context_result();
  const snapshot::TreeView& tree = *open_tree(source, services_, {});
  tree.content_digest(*tree.lookup("a"));  // as the key did
  write("a", "behind");
  EXPECT_EQ(error_of([&] {
              run({copy("/a", "/a")}, {nullptr, source});
            }).message(),
            "'a' changed during the build");
}

TEST_F(OpsFile, AStopEndsIt) {
  std::stop_source stop;
  stop.request_stop();
  write("a", "x");
  std::vector<solver::ResultPtr> inputs = {nullptr, context_result()};
  base::Error error =
      error_of([&] { run_file(0, graph::File{{copy("/a", "/a")}}, inputs, services_, stop.get_token()); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
}

TEST_F(OpsFile, AContextIsNoStackOfLayers) {
  EXPECT_EQ(error_of([&] { stack_of(context_result()); }).kind(), base::ErrorKind::kInternal);
  EXPECT_TRUE(stack_of(nullptr).empty());
}

}  // namespace
}  // namespace cooper::ops
