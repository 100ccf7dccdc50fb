// Layers through real overlay mounts: what a mount of a stack shows, and what a step leaves becomes a layer.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/text.h"
#include "snapshot/merged_view.h"
#include "support/layer_fixture.h"
#include "support/overlay_run.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using support::LayerTar;
using support::OverlayResult;

class SnapshotOverlay : public support::LayerFixture {
 protected:
  // Runs `script` on `stack` and commits; sets skip_ where mounts are not possible.
  LayerPtr run(const LayerStack& stack, const std::string& script, const StepSurroundings& step = {}) {
    Staging staging = layers_.begin();
    std::string mount_point = directory_.path() + "/mnt";
    fs::create_directory(mount_point);
    std::string work = staging.scratch() + "/work";
    fs::create_directory(work);
    std::vector<std::string> lower = layers_.prepare_overlay(stack, staging.tree());
    OverlayResult result = support::run_in_overlay(lower, staging.tree(), work, mount_point, script);
    mounts_ = result != OverlayResult::kNoMounts;
    EXPECT_NE(result, OverlayResult::kFailed) << script;
    return mounts_ ? layers_.commit_upper(std::move(staging), stack, step) : nullptr;
  }

  // As an earlier build left it: one file whose time that build gave.
  LayerPtr made_at(std::int64_t time, const std::string& path, const std::string& content) {
    Staging staging = layers_.begin();
    std::ofstream(staging.tree() + "/" + path) << content;
    Entry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = content.size();
    entry.mtime = time;
    entry.fresh = true;
    return layers_.commit(std::move(staging), LayerIndex({entry}));
  }

  bool mounts_ = true;
};

std::vector<std::string> paths(const Layer& layer) {
  std::vector<std::string> found;
  for (const Entry& entry : layer.index().entries()) {
    found.push_back((entry.type == EntryType::kWhiteout ? "-" : "") + entry.path +
                    (entry.opaque ? " opaque" : ""));
  }
  return found;
}
using Paths = std::vector<std::string>;

#define SKIP_WITHOUT_MOUNTS() \
  if (!mounts_) GTEST_SKIP() << "this machine lets us make no overlay mounts (no root, no user namespaces)"

TEST_F(SnapshotOverlay, TurnsWhatAStepDidIntoALayer) {
  LayerPtr base = layer(LayerTar()
                            .directory("etc", 0750)
                            .file("etc/a", "a")
                            .file("etc/b", "b")
                            .directory("tree")
                            .file("tree/x")
                            .directory("gone")
                            .file("gone/y"));
  LayerPtr made =
      run({base},
          "echo changed > etc/a; rm etc/b; rm -r gone; rm -r tree; mkdir tree; echo n > tree/new;"
          "mkdir -p new/deep; echo t > new/deep/one; ln new/deep/one new/two; ln -s ../x new/link;"
          "mkfifo new/fifo; chmod 4755 new/two");
  SKIP_WITHOUT_MOUNTS();
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(paths(*made), (Paths{"etc", "etc/a", "-etc/b", "-gone", "new", "new/deep", "new/deep/one",
                                 "new/fifo", "new/link", "new/two", "tree", "tree/new", "-tree/x"}));
  EXPECT_EQ(made->index().find("etc")->mode, 0750U);
  EXPECT_EQ(made->index().find("new/two")->type, EntryType::kHardlink);
  EXPECT_EQ(made->index().find("new/two")->link_target, "new/deep/one");
  EXPECT_EQ(made->index().find("new/deep/one")->mode, 04755U);
  EXPECT_EQ(made->index().find("new/link")->link_target, "../x");

  MergedView view({base, made});
  EXPECT_EQ(content(view, "etc/a"), "changed\n");
  EXPECT_FALSE(view.lookup("etc/b"));
  EXPECT_FALSE(view.lookup("gone"));
  EXPECT_FALSE(view.lookup("tree/x"));
}

TEST_F(SnapshotOverlay, ShowsTheSameAsTheMergedView) {
  LayerStack stack{
      layer(LayerTar().directory("d", 0700).file("d/old").file("e/f", "low").file("s/t/u").file("keep", "k")),
      layer(LayerTar().file("d/.wh.old").file("d/new").directory("s").file("s/.wh..wh..opq").file("s/v")),
      layer(LayerTar().symlink("e", "keep").file("d/deep/x", "1"))};
  LayerPtr made = run(stack, "find . ! -name listing -printf '%P %m\\n' | LC_ALL=C sort > listing");
  SKIP_WITHOUT_MOUNTS();
  ASSERT_NE(made, nullptr);
  MergedView view(stack);
  std::vector<std::string> lines;
  for (std::vector<Entry> todo{*view.lookup("")}; !todo.empty();) {
    Entry entry = todo.back();
    todo.pop_back();
    char mode[16];
    std::snprintf(mode, sizeof mode, " %o", entry.mode);
    lines.push_back(entry.path + mode);
    for (Entry& child : view.list(entry.path)) todo.push_back(std::move(child));
  }
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(content(MergedView({made}), "listing"), base::join(lines, "\n") + "\n");
  EXPECT_EQ(lines.size(), 9U);
}

TEST_F(SnapshotOverlay, FindsNothingWhenNothingChanged) {
  LayerPtr base = layer(LayerTar().file("a"));
  LayerPtr made = run({base}, "cat a; ls -l > /dev/null; touch b; rm b");
  SKIP_WITHOUT_MOUNTS();
  EXPECT_EQ(made, nullptr);
}

TEST_F(SnapshotOverlay, LeavesOutWhatWasCopiedUpAndIsAsItWas) {
  LayerPtr base = layer(LayerTar()
                            .directory("a")
                            .file("a/same", "1234")
                            .file("a/written", "1234")
                            .directory("b")
                            .directory("b/moded")
                            .directory("c")
                            .file("c/deep/f", "x"));
  LayerPtr made = run({base},
                      "chmod 644 a/same c/deep/f; touch a/come; rm a/come; touch b/moded/x; rm b/moded/x;"
                      "touch -r a/written ref; printf 4321 > a/written; touch -r ref a/written; rm ref;"
                      "chmod 700 b/moded; touch -d @5 c");
  SKIP_WITHOUT_MOUNTS();
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(paths(*made), (Paths{"a", "a/written", "b", "b/moded"}));
  EXPECT_FALSE(fs::exists(made->tree() + "/a/same"));
  EXPECT_FALSE(fs::exists(made->tree() + "/c"));
}

// Which of a build's times a file has depends on what was cached.
TEST_F(SnapshotOverlay, TakesTimesOfBuildsForOne) {
  const LayerStack below = {made_at(1'600'000'000, "f", "same")};
  const StepSurroundings step = {{made_at(1'650'000'000, "mounted", "same")}, true};
  const std::string copies = "printf same > f; touch -d @1650000000 f; touch -d @1650000000 new";
  LayerPtr made = run(below, copies, step);
  SKIP_WITHOUT_MOUNTS();
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(paths(*made), Paths{"new"});
  EXPECT_TRUE(made->index().find("new")->fresh);
  EXPECT_EQ(paths(*run(below, "printf else > f; touch -d @1650000000 f", step)), Paths{"f"});
  EXPECT_EQ(paths(*run(below, "touch f", step)), Paths{"f"}) << "the step's own work";
  EXPECT_EQ(paths(*run(below, copies)), (Paths{"f", "new"})) << "without an epoch";
}

// As BuildKit says it: by whiteouts of what is gone, and without what was made again just so.
TEST_F(SnapshotOverlay, ListsWhatADirectoryMadeAgainLacks) {
  LayerPtr base = layer(LayerTar()
                            .file("d/a", "1")
                            .file("d/same", "1234")
                            .file("d/sub/b", "2")
                            .file("d/sub/c", "3")
                            .directory("d/kind")
                            .file("d/kind/x")
                            .file("d/gone/y"));
  LayerPtr made = run({base},
                      "cp -a d keep; rm -r d; mkdir -p d/sub; cp -a keep/same d; cp -a keep/sub/b d/sub; "
                      "rm -r keep; touch d/kind");
  SKIP_WITHOUT_MOUNTS();
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(paths(*made), (Paths{"d", "-d/a", "-d/gone", "d/kind", "d/sub", "-d/sub/c"}));
  MergedView view({base, made});
  EXPECT_EQ(content(view, "d/same"), "1234");
  EXPECT_EQ(content(view, "d/sub/b"), "2");
  EXPECT_FALSE(view.lookup("d/sub/c"));
  EXPECT_FALSE(view.lookup("d/kind/x"));
  LayerPtr shown = run({base, made}, "find d | LC_ALL=C sort > list");
  EXPECT_EQ(content(MergedView({shown}), "list"), "d\nd/kind\nd/same\nd/sub\nd/sub/b\n");
}

TEST_F(SnapshotOverlay, GivesImpliedDirectoriesTheirRealAttributes) {
  LayerStack stack{
      layer(LayerTar().directory("a", 0711).directory("a/b", 01777).file("a/b/x").directory("p")),
      layer(LayerTar().file("a/b/c/d").file("p/q"))};
  LayerPtr made = run(stack, "stat -c '%n %a' a a/b a/b/c p > modes; ls a/b > names");
  SKIP_WITHOUT_MOUNTS();
  MergedView view({made});
  EXPECT_EQ(content(view, "modes"), "a 711\na/b 1777\na/b/c 755\np 755\n");
  EXPECT_EQ(content(view, "names"), "c\nx\n");
  // The extra directory is made once, and only where it is needed.
  EXPECT_EQ(layers_.prepare_overlay(stack, "").size(), 3U);
  EXPECT_EQ(layers_.prepare_overlay(stack, ""), layers_.prepare_overlay(stack, ""));
  EXPECT_EQ(layers_.prepare_overlay({stack[0]}, "").size(), 1U);
}

TEST_F(SnapshotOverlay, GivesTheRootItsAttributes) {
  LayerPtr base = layer(LayerTar().directory(".", 0555).file("a"));
  LayerPtr made = run({base}, "stat -c %a . > mode");
  SKIP_WITHOUT_MOUNTS();
  // kOwn keeps every directory open to us, its owner.
  EXPECT_EQ(content(MergedView({made}), "mode"), form() == Form::kOwn ? "755\n" : "555\n");
  EXPECT_EQ(paths(*made), (Paths{"mode"}));
}

// Two steps that gave the same files are one layer when they come from a cache.
TEST_F(SnapshotOverlay, TakesALayerTwice) {
  LayerPtr twice = layer(LayerTar().directory("a").file("a/f", "twice").file(".wh.gone"));
  LayerPtr between = layer(LayerTar().file("a/f", "between").file("gone", "there"));
  LayerPtr made = run({twice, between, twice}, "cp a/f seen; test ! -e gone");
  SKIP_WITHOUT_MOUNTS();
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(paths(*made), Paths{"seen"});
  EXPECT_EQ(made->index().find("seen")->size, 5U);
}

TEST_F(SnapshotOverlay, CutsTheStackAtAnOpaqueRoot) {
  LayerStack stack{layer(LayerTar().file("a")), layer(LayerTar().file(".wh..wh..opq").file("b"))};
  EXPECT_EQ(layers_.prepare_overlay(stack, ""), (std::vector<std::string>{stack[1]->tree()}));
  EXPECT_FALSE(MergedView(stack).lookup("a"));
}

// Form by form, what the disk of a step's upper directory cannot say comes from below.
class SnapshotDiff : public support::LayerFixture {
 protected:
  static archive::TarEntry owned(const std::string& path, archive::EntryType type, std::uint32_t uid) {
    archive::TarEntry entry;
    entry.path = path;
    entry.type = type;
    entry.mode = 0640;
    entry.uid = uid;
    entry.gid = uid + 1;
    entry.mtime = 1'500'000'000;
    if (type == archive::EntryType::kCharDevice) entry.device_major = 5;
    return entry;
  }
};

TEST_F(SnapshotDiff, TakesOwnersDevicesAndModesFromBelowInOwnForm) {
  LayerStore own(store_, Form::kOwn, pool_);
  archive::TarEntry capable = owned("capable", archive::EntryType::kFile, 7);
  capable.xattrs["security.capability"] = std::string("\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  support::Blob blob = support::make_blob(LayerTar()
                                              .add(owned("file", archive::EntryType::kFile, 7), "x")
                                              .add(owned("tty", archive::EntryType::kCharDevice, 8))
                                              .add(owned("swap", archive::EntryType::kFile, 9), "x")
                                              .add(capable, "x")
                                              .bytes());
  LayerPtr base = own.declare(blob.sealed, [&](const auto&, const auto&) {
    return std::make_unique<support::StringSource>(blob.bytes);
  });
  own.materialize(*base, {});

  Staging staging = own.begin();
  std::string script = "cp -p " + base->tree() + "/capable " + staging.tree() + "; cd " + staging.tree() +
                       "; umask 022; chmod 700 capable; echo changed > file; chmod 600 file; : > tty; chmod "
                       "620 tty; mkdir swap; echo n > new";
  ASSERT_EQ(std::system(script.c_str()), 0);
  LayerPtr made = own.commit_upper(std::move(staging), {base});
  const LayerIndex& index = made->index();
  EXPECT_EQ(index.find("file")->uid, 7U);
  EXPECT_EQ(index.find("file")->gid, 8U);
  EXPECT_EQ(index.find("file")->mode, 0600U);
  EXPECT_EQ(index.find("tty")->type, EntryType::kCharDevice);
  EXPECT_EQ(index.find("tty")->device_major, 5U);
  EXPECT_EQ(index.find("tty")->uid, 8U);
  EXPECT_EQ(index.find("tty")->mode, 0620U);
  EXPECT_EQ(index.find("swap")->uid, 0U);
  EXPECT_EQ(index.find("new")->uid, 0U);
  EXPECT_EQ(index.find("capable")->xattrs.count("security.capability"), 1U);
}

TEST_F(SnapshotDiff, DropsSocketsAndKeepsOddNames) {
  Staging staging = layers_.begin();
  int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string place = staging.tree() + "/s";
  ASSERT_LT(place.size(), sizeof address.sun_path)
      << "the temporary directory's path is too long for a socket";
  place.copy(address.sun_path, place.size());
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
  std::ofstream(staging.tree() + "/odd\n\xff name") << "x";
  LayerPtr made = layers_.commit_upper(std::move(staging), {});
  EXPECT_EQ(paths(*made), (Paths{"odd\n\xff name"}));
  EXPECT_FALSE(fs::exists(made->tree() + "/s"));
}

TEST_F(SnapshotDiff, GivesTheSameIndexWhateverThePool) {
  std::string serialized;
  for (std::size_t workers : {1U, 2U, 8U}) {
    base::ThreadPool pool(workers);
    LayerStore layers(store_, form(), pool);
    Staging staging = layers.begin();
    std::string script =
        "cd " + staging.tree() +
        "; for d in a b c d e f g h; do mkdir -p $d/x; for f in 1 2 3; do echo $d$f > $d/x/$f; done; "
        "ln $d/x/1 $d/2; done; find . -exec touch -hd @9 {} +";
    ASSERT_EQ(std::system(script.c_str()), 0);
    std::string bytes = layers.commit_upper(std::move(staging), {})->index().serialize();
    if (serialized.empty()) serialized = bytes;
    EXPECT_EQ(bytes, serialized);
  }
}

}  // namespace
}  // namespace cooper::snapshot
