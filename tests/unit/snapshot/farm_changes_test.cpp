// What a step did in a farm becomes the layer that an overlay of the same stack gives for the same step.
#include "snapshot/farm_changes.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include "base/error.h"
#include "snapshot/farm.h"
#include "support/fake_notes.h"
#include "support/layer_fixture.h"
#include "support/overlay_run.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using support::FakeNotes;
using support::LayerTar;
using support::OverlayResult;

class SnapshotFarmChanges : public support::LayerFixture {
 protected:
  SnapshotFarmChanges() { fs::create_directory(farm_); }

  void build(const LayerStack& stack) { layers_.prepare_farm(stack, "", farm_, FarmFiles::kLinked, notes_); }
  // The script must not write to files in place: nobody breaks the links to the store's here.
  LayerPtr run(const LayerStack& stack, const std::string& script, const std::vector<FarmChange>& changes) {
    Staging staging = layers_.begin();
    EXPECT_EQ(std::system(("cd '" + farm_ + "' && sh -ec '" + script + "'").c_str()), 0) << script;
    return layers_.commit_farm(std::move(staging), farm_, changes, notes_, stack);
  }
  LayerPtr run_in_overlay(const LayerStack& stack, const std::string& script) {
    Staging staging = layers_.begin();
    const std::string mount_point = directory_.path() + "/mnt";
    fs::create_directory(mount_point);
    fs::create_directory(staging.scratch() + "/work");
    std::vector<std::string> lower = layers_.prepare_overlay(stack, staging.tree());
    const OverlayResult result =
        support::run_in_overlay(lower, staging.tree(), staging.scratch() + "/work", mount_point, script);
    mounts_ = result != OverlayResult::kNoMounts;
    EXPECT_NE(result, OverlayResult::kFailed) << script;
    return mounts_ ? layers_.commit_upper(std::move(staging), stack) : nullptr;
  }

  std::string farm_ = directory_.path() + "/store/farm";
  FakeNotes notes_{form() == Form::kOwn};
  bool mounts_ = true;
};

// Without times, which two runs have each of their own, and without what the farm adds where no runc did.
std::vector<Entry> timeless(const Layer& layer) {
  std::vector<Entry> entries;
  for (Entry entry : layer.index().entries()) {
    if (is_system_place(entry.path)) continue;
    entry.mtime = entry.mtime_nsec = 0;
    entry.fresh = false;
    entry.content = {};
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<std::string> paths(const Layer& layer) {
  std::vector<std::string> found;
  for (const Entry& entry : layer.index().entries())
    found.push_back((entry.type == EntryType::kWhiteout ? "-" : "") + entry.path);
  return found;
}
using Paths = std::vector<std::string>;

LayerTar base_tar() {
  return LayerTar()
      .directory("dev")
      .directory("proc")
      .directory("sys")
      .directory("etc", 0750)
      .file("etc/a", "a")
      .file("etc/b", "b")
      .directory("tree")
      .file("tree/x")
      .file("tree/sub/y")
      .directory("gone")
      .file("gone/y");
}

constexpr const char* kScript =
    "echo changed > n; mv n etc/a; rm etc/b; rm -r gone; rm -r tree; mkdir tree; echo n > tree/new;"
    "mkdir -p new/deep; echo t > new/deep/one; ln new/deep/one new/two; ln -s ../x new/link;"
    "mkfifo new/fifo; chmod 4755 new/two; touch come; rm come";

TEST_F(SnapshotFarmChanges, GiveTheLayerThatAnOverlayGives) {
  LayerPtr base = layer(base_tar());
  LayerPtr expected = run_in_overlay({base}, kScript);
  if (!mounts_) GTEST_SKIP() << "this machine lets us make no overlay mounts (no root, no user namespaces)";
  build({base});
  LayerPtr made = run({base}, kScript, everything_changed());
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(timeless(*made), timeless(*expected));
}

TEST_F(SnapshotFarmChanges, FollowAListAsTheyFollowTheWholeTree) {
  LayerPtr base = layer(base_tar());
  build({base});
  LayerPtr made = run({base}, kScript,
                      {{"n", true},
                       {"etc/a", true},
                       {"etc/b", false},
                       {"gone/y", false},
                       {"gone", false},
                       {"tree/x", false},
                       {"tree/sub/y", false},
                       {"tree/sub", false},
                       {"tree", false},
                       {"tree/new", false},
                       {"new", false},
                       {"new/deep", false},
                       {"new/deep/one", false},
                       {"new/two", false},
                       {"new/link", false},
                       {"new/fifo", false},
                       {"come", false}});
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(paths(*made),
            (Paths{"etc", "etc/a", "-etc/b", "-gone", "new", "new/deep", "new/deep/one", "new/fifo",
                   "new/link", "new/two", "tree", "tree/new", "-tree/sub", "-tree/x"}));
  EXPECT_EQ(made->index().find("new/two")->type, EntryType::kHardlink);
  EXPECT_EQ(made->index().find("new/deep/one")->mode, 04755U);
  MergedView view({base, made});
  EXPECT_EQ(content(view, "etc/a"), "changed\n");
}

TEST_F(SnapshotFarmChanges, MoveDirectoriesWithAllThatIsBelow) {
  LayerPtr base = layer(base_tar());
  build({base});
  LayerPtr made = run({base}, "mv tree moved; mkdir tree; echo z > tree/z",
                      {{"tree", true}, {"moved", true}, {"tree/z", false}});
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(paths(*made), (Paths{"moved", "moved/sub", "moved/sub/y", "moved/x", "tree", "-tree/sub",
                                 "-tree/x", "tree/z"}));
}

TEST_F(SnapshotFarmChanges, AreNoneWhereNothingIsDifferent) {
  LayerPtr base = layer(base_tar());
  build({base});
  struct stat before {};
  ASSERT_EQ(::stat((farm_ + "/etc").c_str(), &before), 0);
  EXPECT_EQ(run({base}, "touch etc/new; rm etc/new", {{"etc/new", false}, {"etc/a", false}}), nullptr);
  struct stat after {};
  ASSERT_EQ(::stat((farm_ + "/etc").c_str(), &after), 0);
  EXPECT_EQ(after.st_mtim.tv_sec, before.st_mtim.tv_sec) << "the next step sees what an overlay would show";
}

TEST_F(SnapshotFarmChanges, LeaveAFarmOfTheStackWithTheNewLayer) {
  LayerPtr base = layer(base_tar());
  build({base});
  LayerPtr first = run({base}, "echo 1 > one; ln one two; mkdir d", everything_changed());
  ASSERT_NE(first, nullptr);
  struct stat linked {};
  ASSERT_EQ(::stat((farm_ + "/one").c_str(), &linked), 0);
  EXPECT_EQ(linked.st_nlink, 4U) << "two names in the farm, two in the layer";
  EXPECT_EQ(notes_.noted().at({linked.st_dev, linked.st_ino}).second, 2U);
  EXPECT_EQ(run({base, first}, "true", everything_changed()), nullptr);
  LayerPtr second = run({base, first}, "rm one; echo 3 > three", {{"one", false}, {"three", false}});
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(paths(*second), (Paths{"-one", "three"}));
}

TEST_F(SnapshotFarmChanges, NeverHoldSocketsOrWhatMountsHide) {
  LayerPtr base = layer(LayerTar().file("a"));
  build({base});
  LayerPtr made = run({base},
                      "rm proc; mkdir proc; touch proc/x; python3 -c \"import socket; "
                      "socket.socket(socket.AF_UNIX).bind(\\\"s\\\")\"",
                      everything_changed());
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(paths(*made), (Paths{"dev", "proc", "sys"})) << "as runc leaves them where an image has none";
  EXPECT_FALSE(fs::exists(farm_ + "/s"));
}

TEST_F(SnapshotFarmChanges, AreWhatTheNotesSay) {
  LayerPtr base = layer(LayerTar().directory("dev").directory("proc").directory("sys").file("a", "x"));
  build({base});
  std::ofstream(farm_ + "/made") << "m";
  struct stat status {};
  ASSERT_EQ(::stat((farm_ + "/made").c_str(), &status), 0);
  Entry noted;
  noted.uid = 5;
  noted.gid = 6;
  noted.mode = 02711;
  noted.xattrs = {{"security.capability", "c"}, {"system.posix_acl_access", "l"}, {"trusted.x", "t"}};
  FakeNotes notes(true);
  notes.note(status.st_dev, status.st_ino, noted, 1);
  const std::vector<FoundEntry> found =
      find_farm_changes(farm_, {{"made", false}}, MergedView({base}), Form::kOwn, notes);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].entry.uid, 5U);
  EXPECT_EQ(found[0].entry.gid, 6U);
  EXPECT_EQ(found[0].entry.mode, 02711U);
  const std::map<std::string, std::string> kept = {{"security.capability", "c"}};
  EXPECT_EQ(found[0].entry.xattrs, kept) << "as an overlay's layer has them";
}

}  // namespace
}  // namespace cooper::snapshot
