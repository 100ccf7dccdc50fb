#include "ops/cache_owners.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "support/fake_notes.h"

namespace cooper::ops {
namespace {

namespace fs = std::filesystem;
using snapshot::Entry;
using snapshot::LayerIndex;
using support::FakeNotes;

class OpsCacheOwners : public ::testing::Test {
 protected:
  OpsCacheOwners() {
    fs::create_directories(cache_ + "/sub");
    std::ofstream(cache_ + "/plain") << "p";
    std::ofstream(cache_ + "/sub/owned") << "o";
  }
  struct stat status_of(const std::string& path) const {
    struct stat status {};
    EXPECT_EQ(::lstat((cache_ + "/" + path).c_str(), &status), 0) << path;
    return status;
  }
  void note(FakeNotes& notes, const std::string& path, std::uint32_t uid, std::uint32_t mode = 0644) const {
    Entry entry;
    entry.path = path;
    entry.uid = uid;
    entry.gid = uid;
    entry.mode = mode;
    notes.note(status_of(path).st_dev, status_of(path).st_ino, entry, 1);
  }
  // What the next step is told of a path; -1: nothing.
  long owner_of(const std::string& path) const {
    FakeNotes notes(true);
    note_cache_owners(cache_, notes);
    auto found = notes.noted().find({status_of(path).st_dev, status_of(path).st_ino});
    return found == notes.noted().end() ? -1L : static_cast<long>(found->second.first.uid);
  }

  os::TempDir directory_{::testing::TempDir(), "owners-"};
  std::string cache_ = directory_.path() + "/0";
  base::ThreadPool pool_{2};
};

TEST_F(OpsCacheOwners, GoFromOneStepToTheNext) {
  EXPECT_FALSE(read_cache_owners(cache_));
  EXPECT_EQ(owner_of("sub/owned"), -1);
  FakeNotes notes(true);
  note(notes, "sub/owned", 33, 0600);
  keep_cache_owners(cache_, notes, pool_);
  EXPECT_EQ(owner_of("sub/owned"), 33);
  EXPECT_EQ(owner_of("plain"), -1) << "root's are not written down";
  EXPECT_EQ(read_cache_owners(cache_)->entries().size(), 1U);
}

TEST_F(OpsCacheOwners, OfAStepBesideStay) {
  FakeNotes one(true);
  FakeNotes other(true);
  note(one, "sub/owned", 33);
  note(other, "plain", 44);
  keep_cache_owners(cache_, one, pool_);
  keep_cache_owners(cache_, other, pool_);
  EXPECT_EQ(owner_of("sub/owned"), 33);
  EXPECT_EQ(owner_of("plain"), 44);
}

TEST_F(OpsCacheOwners, CanBeGivenBackToRoot) {
  FakeNotes notes(true);
  note(notes, "plain", 33);
  keep_cache_owners(cache_, notes, pool_);
  note(notes, "plain", 0);
  keep_cache_owners(cache_, notes, pool_);
  EXPECT_EQ(owner_of("plain"), -1);
}

TEST_F(OpsCacheOwners, AreNotGivenToWhatTookAPlace) {
  FakeNotes notes(true);
  note(notes, "plain", 33);
  note(notes, "sub/owned", 44);
  keep_cache_owners(cache_, notes, pool_);
  fs::remove_all(cache_ + "/sub");
  fs::remove(cache_ + "/plain");
  fs::create_directory(cache_ + "/plain");
  EXPECT_EQ(owner_of("plain"), -1);
}

TEST_F(OpsCacheOwners, OfASavedCacheAreWrittenDown) {
  Entry file;
  file.path = "sub/owned";
  file.uid = 5;
  Entry link;
  link.path = "sub/second";
  link.type = snapshot::EntryType::kHardlink;
  link.link_target = "sub/owned";
  fs::create_hard_link(cache_ + "/sub/owned", cache_ + "/sub/second");
  write_cache_owners(cache_, LayerIndex({file, link}));
  EXPECT_EQ(owner_of("sub/second"), 5);
}

TEST_F(OpsCacheOwners, ThatAreDamagedAreSaid) {
  std::ofstream(cache_ + ".owners") << "not an index";
  EXPECT_THROW(read_cache_owners(cache_), base::Error);
}

}  // namespace
}  // namespace cooper::ops
