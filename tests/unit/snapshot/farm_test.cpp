#include "snapshot/farm.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sys/stat.h>

#include "base/error.h"
#include "support/fake_notes.h"
#include "support/layer_fixture.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using support::FakeNotes;
using support::LayerTar;

class SnapshotFarm : public support::LayerFixture {
 protected:
  SnapshotFarm() { fs::create_directory(farm()); }

  std::string farm(const std::string& path = "") const {
    return directory_.path() + "/store/farm" + (path.empty() ? "" : "/" + path);
  }
  void build(const LayerStack& stack, const std::string& source = "") {
    layers_.prepare_farm(stack, source, farm(), FarmFiles::kLinked, notes_);
  }
  static struct stat status_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
  }
  // What is noted of a path of the farm; null when nothing is.
  const std::pair<Entry, std::uint32_t>* note_of(const std::string& path) {
    const struct stat status = status_of(farm(path));
    auto found = notes_.noted().find({status.st_dev, status.st_ino});
    return found == notes_.noted().end() ? nullptr : &found->second;
  }
  std::set<std::string> names(const std::string& path = "") const {
    std::set<std::string> found;
    for (const auto& item : fs::directory_iterator(farm(path))) found.insert(item.path().filename());
    return found;
  }
  static bool is_own_symlink(const std::string& path) {
    return fs::is_symlink(path) && fs::read_symlink(path) == fs::path(path).filename();
  }

  FakeNotes notes_{form() == Form::kOwn};
};
using Names = std::set<std::string>;

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(SnapshotFarm, ShowsTheStackAsTheLayersSayWithoutCopyingFiles) {
  LayerPtr base = layer(LayerTar()
                            .directory("etc", 0750)
                            .file("etc/a", "low")
                            .file("etc/gone", "x")
                            .file("bin/tool", "t", 04755)
                            .symlink("lib", "usr/lib")
                            .directory("old")
                            .file("old/x"));
  LayerPtr top = layer(LayerTar()
                           .file("etc/a", "high")
                           .file("etc/.wh.gone")
                           .directory("old")
                           .file("old/.wh..wh..opq")
                           .file("old/y", "new"));
  build({base, top});
  EXPECT_EQ(names(), (Names{"bin", "dev", "etc", "lib", "old", "proc", "sys"}));
  EXPECT_EQ(names("etc"), (Names{"a"}));
  EXPECT_EQ(names("old"), (Names{"y"}));
  EXPECT_EQ(read(farm("etc/a")), "high");
  EXPECT_EQ(fs::read_symlink(farm("lib")), "usr/lib");
  EXPECT_EQ(status_of(farm("etc/a")).st_ino, status_of(top->tree() + "/etc/a").st_ino);
  EXPECT_EQ(status_of(farm("etc")).st_mode & 07777U, 0750U);
  EXPECT_EQ(status_of(farm("bin/tool")).st_mode & 07777U, 04755U);
  EXPECT_EQ(status_of(farm("etc")).st_mtim.tv_sec,
            top->index().find("etc/a") != nullptr ? base->index().find("etc")->mtime : -1);
  for (const char* place : {"dev", "proc", "sys"}) EXPECT_TRUE(is_own_symlink(farm(place))) << place;
}

TEST_F(SnapshotFarm, NotesWhatTheDiskCannotSay) {
  archive::TarEntry owned;
  owned.path = "owned";
  owned.mode = 0640;
  owned.uid = 33;
  owned.gid = 44;
  archive::TarEntry device;
  device.path = "node";
  device.type = archive::EntryType::kBlockDevice;
  device.mode = 0600;
  device.device_major = 7;
  device.device_minor = 3;
  build({layer(
      LayerTar().add(owned, "x").add(device).file("plain", "p").file("one", "1").hardlink("two", "one"))});
  EXPECT_EQ(note_of("plain"), nullptr) << "nothing to say of it";
  ASSERT_NE(note_of("node"), nullptr);
  EXPECT_EQ(note_of("node")->first.type, EntryType::kBlockDevice);
  EXPECT_EQ(note_of("node")->first.device_major, 7U);
  ASSERT_NE(note_of("one"), nullptr);
  EXPECT_EQ(note_of("one")->second, 2U) << "names in the tree, not in the store";
  EXPECT_EQ(note_of("one"), note_of("two"));
  if (form() == Form::kReal) {
    EXPECT_EQ(status_of(farm("owned")).st_uid, 33U);
    EXPECT_EQ(note_of("owned"), nullptr);
  } else {
    ASSERT_NE(note_of("owned"), nullptr);
    EXPECT_EQ(note_of("owned")->first.gid, 44U);
  }
}

TEST_F(SnapshotFarm, NeverShowsOneInodeAsTwoFiles) {
  base::ThreadPool pool{1};
  LayerStore own(store_, Form::kOwn, pool);
  const auto add = [&](const std::string& path, std::uint32_t uid, const std::string& shared) {
    Staging staging = own.begin();
    if (shared.empty()) {
      std::ofstream(staging.tree() + "/" + path) << "x";
    } else {
      fs::create_hard_link(shared, staging.tree() + "/" + path);
    }
    Entry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.uid = uid;
    entry.size = 1;
    entry.mtime = 5;
    return own.commit(std::move(staging), LayerIndex({entry}));
  };
  LayerPtr first = add("mine", 0, "");
  LayerPtr second = add("theirs", 7, first->tree() + "/mine");
  ASSERT_EQ(status_of(second->tree() + "/theirs").st_ino, status_of(first->tree() + "/mine").st_ino);
  FakeNotes notes(true);
  own.prepare_farm({first, second}, "", farm(), FarmFiles::kLinked, notes);
  EXPECT_NE(status_of(farm("mine")).st_ino, status_of(farm("theirs")).st_ino);
  EXPECT_EQ(read(farm("theirs")), "x");
  const struct stat theirs = status_of(farm("theirs"));
  EXPECT_EQ(notes.noted().at({theirs.st_dev, theirs.st_ino}).first.uid, 7U);
  EXPECT_EQ(notes.noted().count({status_of(farm("mine")).st_dev, status_of(farm("mine")).st_ino}), 0U);
}

TEST_F(SnapshotFarm, HoldsAPartOfATreeToo) {
  LayerPtr base = layer(
      LayerTar().directory("src/app", 0700).file("src/app/main.c", "m").file("src/one", "1").file("proc"));
  build({base}, "src");
  EXPECT_EQ(names(), (Names{"app", "one"})) << "no system places in a mount";
  EXPECT_EQ(read(farm("app/main.c")), "m");
  EXPECT_EQ(status_of(farm("app")).st_mode & 07777U, 0700U);
  fs::remove_all(farm());
  fs::create_directory(farm());
  build({base}, "src/app/main.c");
  EXPECT_EQ(names(), (Names{"main.c"}));
}

TEST_F(SnapshotFarm, LeavesOutWhatSystemPlacesHide) {
  EXPECT_TRUE(is_system_place("dev"));
  EXPECT_TRUE(is_system_place("proc/self/fd"));
  EXPECT_FALSE(is_system_place("devices"));
  EXPECT_FALSE(is_system_place("usr/dev"));
  build({layer(LayerTar().file("dev/console", "c").file("usr/dev/x", "x"))});
  EXPECT_TRUE(is_own_symlink(farm("dev")));
  EXPECT_EQ(read(farm("usr/dev/x")), "x");
}

TEST_F(SnapshotFarm, CoversPlacesAndPutsEverythingBack) {
  build({layer(
      LayerTar().directory("etc").file("etc/hosts", "mine").directory("cache").file("cache/kept", "k"))});
  const struct stat etc = status_of(farm("etc"));
  const std::string aside = directory_.path() + "/store/aside";
  fs::create_directory(aside);
  FarmCovers covers(farm(), aside);
  for (const char* place : {"etc/hosts", "cache", "cache/below", "run/secrets/token", "run/kept/x", "proc/x"})
    covers.cover(place);
  EXPECT_TRUE(is_own_symlink(farm("etc/hosts")));
  EXPECT_TRUE(is_own_symlink(farm("cache")));
  EXPECT_TRUE(is_own_symlink(farm("run/secrets/token")));
  EXPECT_EQ(status_of(farm("etc")).st_mtim.tv_nsec, etc.st_mtim.tv_nsec);
  EXPECT_EQ(status_of(farm("etc")).st_mtim.tv_sec, etc.st_mtim.tv_sec);
  std::ofstream(farm("run/kept/by-the-step")) << "x";

  EXPECT_TRUE(covers.uncover());
  EXPECT_EQ(read(farm("etc/hosts")), "mine");
  EXPECT_EQ(read(farm("cache/kept")), "k");
  EXPECT_EQ(names("run"), (Names{"kept"})) << "what had to be made goes, unless the step put something there";
  EXPECT_EQ(status_of(farm("etc")).st_mtim.tv_sec, etc.st_mtim.tv_sec);
  EXPECT_TRUE(fs::is_empty(aside));
}

TEST_F(SnapshotFarm, SaysWhereAMountCannotGo) {
  build({layer(LayerTar().file("a", "file"))});
  const std::string aside = directory_.path() + "/store/aside";
  fs::create_directory(aside);
  FarmCovers covers(farm(), aside);
  EXPECT_THROW(covers.cover("a/b"), base::Error);
  EXPECT_THROW(covers.cover(""), base::Error);
  EXPECT_EQ(read(farm("a")), "file");
}

TEST_F(SnapshotFarm, MakesAWorkingDirectoryThatStays) {
  build({layer(LayerTar().directory("srv"))});
  EXPECT_EQ(make_farm_directory(farm(), "srv/app/x"), (std::vector<std::string>{"srv/app", "srv/app/x"}));
  EXPECT_TRUE(fs::is_directory(farm("srv/app/x")));
  EXPECT_TRUE(make_farm_directory(farm(), "srv/app/x").empty());
}

}  // namespace
}  // namespace cooper::snapshot
