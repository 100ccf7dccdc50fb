#include "build/mount_caches.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/text.h"
#include "build/mount_state.h"
#include "cache/directory_backend.h"
#include "os/file_lock.h"
#include "os/file_time.h"
#include "registry/blob_places.h"
#include "support/layer_fixture.h"

namespace cooper::build {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A machine with a store, and one cache mount in it.
class Machine {
 public:
  Machine(const std::string& path, const std::string& cache, CacheMounts rules)
      : path_(path),
        store_(store::Store::open(path + "/store")),
        layers_(store_, ::geteuid() == 0 ? snapshot::Form::kReal : snapshot::Form::kOwn, pool_),
        blobs_(layers_, places_),
        rules_(std::move(rules)) {
    cache::Warn ignore = [](const std::string&) {};
    auto imported = std::make_shared<cache::DirectoryBackend>(cache, "", cache::BlobProvider());
    imports_.push_back({std::make_unique<cache::Records>(imported, ignore), std::nullopt});
    CacheExport place;
    place.directory = std::make_shared<cache::DirectoryBackend>(cache, "", blobs_.provider());
    place.records = std::make_unique<cache::Records>(place.directory, ignore);
    exports_.push_back(std::move(place));
    auto say = [this](const std::string& text) { said_.with([&](auto& lines) { lines.push_back(text); }); };
    mounts_ = std::make_unique<MountCaches>(
        MountCaches::Surroundings{rules_, imports_, exports_, layers_, pool_, blobs_, say, say});
    fs::create_directories(store_->mounts_path() + "/m");
  }

  // What a step does that mounts it first.
  bool mount() {
    bool restored = false;
    if (!fs::exists(directory())) {
      const std::string tree = path_ + "/fresh";
      fs::create_directory(tree);
      restored = mounts_->restore(mount_, tree, {});
      EXPECT_TRUE(restored || fs::is_empty(tree));
      fs::rename(tree, directory());
    }
    mounts_->used(mount_);
    return restored;
  }
  std::vector<std::string> save() {
    mounts_->start_saving();
    return mounts_->finish_saving({});
  }

  MountCaches& mounts() { return *mounts_; }
  std::string directory() const { return mount_.directory; }
  std::string path(const std::string& name) const { return directory() + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name)) << content;
  }
  std::string read(const std::string& name) const { return os::read_file(path(name)); }
  std::vector<std::string> said() const {
    return said_.with([](const auto& lines) { return lines; });
  }

 private:
  std::string path_;
  base::ThreadPool pool_{2};
  std::shared_ptr<store::Store> store_;
  snapshot::LayerStore layers_;
  registry::BlobPlaces places_;
  CachedBlobs blobs_;
  CacheMounts rules_;
  std::vector<CacheImport> imports_;
  std::vector<CacheExport> exports_;
  base::Guarded<std::vector<std::string>> said_;
  ops::KeptMount mount_{"go", base::sha256("go").hex(), store_->mounts_path() + "/m/0"};
  std::unique_ptr<MountCaches> mounts_;
};

class BuildMountCaches : public ::testing::Test {
 protected:
  BuildMountCaches() { rules_.persist = true; }

  Machine machine() {
    const std::string path = directory_.path() + "/machine" + std::to_string(++machines_);
    fs::create_directory(path);
    return {path, cache_, rules_};
  }
  std::string document() const { return cache_ + "/mounts/" + base::sha256("go").hex() + ".json"; }
  cache::MountSave saved() const { return cache::MountSave::parse(os::read_file(document())); }
  std::string blob(std::size_t layer) const {
    return cache_ + "/blobs/sha256/" + saved().layers.at(layer).blob.digest.hex();
  }
  // A cache with one save in it: 100 kB, and a small file.
  void save_first() {
    Machine first = machine();
    first.mount();
    first.write("large", noise());
    first.write("d/small", "one");
    EXPECT_THAT(first.save(), ElementsAre(HasSubstr("cache mount 'go': 100 kB saved")));
    EXPECT_THAT(saved().layers, SizeIs(1));
  }
  static std::string noise() {
    std::string text;
    for (int i = 0; text.size() < 100'000; ++i) text += base::sha256(std::to_string(i)).hex();
    return text.substr(0, 100'000);
  }

  os::TempDir directory_{::testing::TempDir(), "mount-caches-"};
  std::string cache_ = directory_.path() + "/cache";
  CacheMounts rules_;
  int machines_ = 0;
};

TEST_F(BuildMountCaches, AnotherMachineFindsWhatWasLeft) {
  save_first();
  Machine second = machine();
  EXPECT_TRUE(second.mount());
  EXPECT_EQ(second.read("large"), noise());
  EXPECT_EQ(second.read("d/small"), "one");
  EXPECT_THAT(second.said(), ElementsAre(HasSubstr("cache mount 'go' restored")));
}

TEST_F(BuildMountCaches, NothingIsKnownAtFirst) {
  Machine first = machine();
  EXPECT_FALSE(first.mount());
  EXPECT_THAT(first.said(), IsEmpty());
}

TEST_F(BuildMountCaches, UnchangedIsNotWritten) {
  save_first();
  const std::string before = os::read_file(document());
  const auto written = fs::last_write_time(document());
  Machine second = machine();
  second.mount();
  EXPECT_THAT(second.save(), ElementsAre("cache mount 'go': unchanged"));
  EXPECT_EQ(os::read_file(document()), before);
  EXPECT_EQ(fs::last_write_time(document()), written);
}

TEST_F(BuildMountCaches, UnusedIsNotWritten) {
  EXPECT_THAT(machine().save(), IsEmpty());
  EXPECT_FALSE(fs::exists(cache_));
}

TEST_F(BuildMountCaches, ASmallChangeIsASmallLayer) {
  save_first();
  Machine second = machine();
  second.mount();
  second.write("d/small", "two");
  second.write("d/new", "new");
  EXPECT_THAT(second.save(), ElementsAre(HasSubstr("of changes compressed")));
  ASSERT_THAT(saved().layers, SizeIs(2));
  EXPECT_LT(saved().layers[1].blob.size, 1000U);
  Machine third = machine();
  EXPECT_TRUE(third.mount());
  EXPECT_EQ(third.read("large"), noise());
  EXPECT_EQ(third.read("d/small"), "two");
  EXPECT_EQ(third.read("d/new"), "new");
}

TEST_F(BuildMountCaches, TheSameMachineAddsToItsOwnSave) {
  Machine only = machine();
  only.mount();
  only.write("large", noise());
  only.save();
  only.mount();
  only.write("small", "x");
  only.save();
  EXPECT_THAT(saved().layers, SizeIs(2));
}

TEST_F(BuildMountCaches, WhatWasDeletedStaysDeleted) {
  save_first();
  Machine second = machine();
  second.mount();
  fs::remove_all(second.path("d"));
  second.save();
  EXPECT_THAT(saved().layers, SizeIs(2));
  Machine third = machine();
  third.mount();
  EXPECT_FALSE(fs::exists(third.path("d")));
}

TEST_F(BuildMountCaches, AGreatChangeIsSavedWhole) {
  save_first();
  Machine second = machine();
  second.mount();
  second.write("large", noise() + noise());
  EXPECT_THAT(second.save(), ElementsAre(HasSubstr("200 kB saved")));
  EXPECT_THAT(saved().layers, SizeIs(1));
}

TEST_F(BuildMountCaches, ChainsDoNotGrowWithoutEnd) {
  save_first();
  std::size_t longest = 0;
  for (int i = 0; i < 9; ++i) {
    Machine next = machine();
    EXPECT_TRUE(next.mount());
    next.write("small", std::string(static_cast<std::size_t>(i) + 1, 'x'));
    next.save();
    longest = std::max(longest, saved().layers.size());
  }
  EXPECT_EQ(longest, cache::kMostMountLayers);
  EXPECT_THAT(saved().layers, SizeIs(2)) << "whole again after the eighth";
}

TEST_F(BuildMountCaches, AttributesSurvive) {
  Machine first = machine();
  first.mount();
  first.write("file", "x");
  ASSERT_EQ(::chmod(first.path("file").c_str(), 0751), 0);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(first.path("file").c_str(), 12, 34), 0);
  }
  fs::create_hard_link(first.path("file"), first.path("other"));
  fs::create_symlink("file", first.path("link"));
  ASSERT_TRUE(os::set_modified_time(first.path("file"), 1'500'000'000'000'000'000));
  first.save();
  Machine second = machine();
  second.mount();
  struct stat status {};
  ASSERT_EQ(::stat(second.path("file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0751U);
  EXPECT_EQ(status.st_mtime, 1'500'000'000);
  EXPECT_EQ(status.st_nlink, 2U);
  if (::geteuid() == 0) {
    EXPECT_EQ(status.st_uid, 12U);
    EXPECT_EQ(status.st_gid, 34U);
  }
  EXPECT_EQ(fs::read_symlink(second.path("link")), "file");
}

TEST_F(BuildMountCaches, ADamagedBlobIsAnEmptyMount) {
  save_first();
  std::fstream(blob(0), std::ios::in | std::ios::out).seekp(40).write("damage", 6);
  Machine second = machine();
  EXPECT_FALSE(second.mount());
  EXPECT_THAT(second.said(), ElementsAre(HasSubstr("cache mount 'go' cannot be restored from the cache in")));
  second.write("file", "x");
  second.save();
  Machine third = machine();
  EXPECT_TRUE(third.mount()) << "the next save is whole";
}

TEST_F(BuildMountCaches, AMissingBlobOrDamagedDocumentIsAnEmptyMount) {
  save_first();
  fs::remove(blob(0));
  EXPECT_FALSE(machine().mount());
  std::ofstream(document()) << "{";
  Machine third = machine();
  EXPECT_FALSE(third.mount());
  EXPECT_THAT(third.said(), ElementsAre(HasSubstr("malformed cache document")));
}

TEST_F(BuildMountCaches, TooLargeIsNotSaved) {
  rules_.max_size = 1000;
  Machine first = machine();
  first.mount();
  first.write("large", noise());
  EXPECT_THAT(first.save(), IsEmpty());
  EXPECT_THAT(first.said(),
              ElementsAre("cache mount 'go' not saved: it holds 100 kB, more than max-size=1.0 kB"));
  EXPECT_FALSE(fs::exists(document()));
}

TEST_F(BuildMountCaches, OldFilesAreLeftOut) {
  rules_.max_age = 3600;
  Machine first = machine();
  first.mount();
  first.write("old", noise());
  first.write("young", "x");
  const timespec long_ago[] = {{1'500'000'000, 0}, {1'500'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, first.path("old").c_str(), long_ago, 0), 0);
  first.save();
  EXPECT_TRUE(fs::exists(first.path("old"))) << "only the save is without it";
  Machine second = machine();
  second.mount();
  EXPECT_EQ(second.read("young"), "x");
  EXPECT_FALSE(fs::exists(second.path("old")));
}

TEST_F(BuildMountCaches, AnotherBuildsMountIsLeftToIt) {
  Machine first = machine();
  first.mount();
  first.write("file", "x");
  const auto lock = os::FileLock::acquire(first.directory() + ".lock", os::LockMode::kShared);
  EXPECT_THAT(first.save(), IsEmpty());
  EXPECT_THAT(first.said(), ElementsAre("cache mount 'go' not saved: another build is using it"));
}

TEST_F(BuildMountCaches, OnlyMountsThatAreNamedPersist) {
  rules_.ids = {"npm"};
  Machine first = machine();
  first.mount();
  first.write("file", "x");
  EXPECT_THAT(first.save(), IsEmpty());
  EXPECT_FALSE(fs::exists(document()));
}

TEST_F(BuildMountCaches, AnIdThatNoMountHasIsNoticed) {
  rules_.ids = {"go", "nmp"};
  graph::Exec step;
  step.mounts.resize(2);
  graph::CacheMount mount;
  mount.id = "go";
  step.mounts[0].what = mount;
  mount.id = "npm";
  step.mounts[1].what = mount;
  graph::Definition definition;
  definition.vertices.emplace_back().op = step;
  Machine first = machine();
  first.mounts().check_ids(definition);
  EXPECT_THAT(first.said(), ElementsAre("--cache-mounts=persist=nmp: no RUN has a cache mount of this id"));
}

TEST_F(BuildMountCaches, ALostStateCostsTheDelta) {
  save_first();
  Machine second = machine();
  second.mount();
  std::ofstream(second.directory() + "/../saved") << "damage";
  second.write("small", "x");
  second.save();
  EXPECT_THAT(saved().layers, SizeIs(1));
}

}  // namespace
}  // namespace cooper::build
