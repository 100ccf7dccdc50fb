#include "store/store.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "os/file_time.h"

namespace cooper::store {
namespace {

namespace fs = std::filesystem;

class StoreStore : public testing::Test {
 protected:
  std::size_t count(const std::string& folder) const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_ + "/" + folder), {}));
  }
  std::string only_lease() const {
    for (const fs::directory_entry& lease : fs::directory_iterator(path_ + "/leases")) {
      if (!lease.path().filename().string().starts_with('.')) return lease.path().filename();
    }
    return "";
  }
  static void write(BlobWriter& writer, std::string_view text) {
    writer.write(std::as_bytes(std::span(text)));
  }

  os::TempDir directory_{testing::TempDir(), "store-"};
  std::string path_ = directory_.path() + "/store";
};

TEST_F(StoreStore, IsAnImageLayout) {
  auto store = Store::open(path_);
  EXPECT_EQ(os::read_file(path_ + "/oci-layout"), R"({"imageLayoutVersion":"1.0.0"})");
  EXPECT_EQ(os::read_file(path_ + "/index.json"), R"({"schemaVersion":2,"manifests":[]})");
}

TEST_F(StoreStore, KeepsTheIndexOfAnotherBuild) {
  Store::open(path_);
  os::write_file_atomically(path_ + "/index.json", "{}");
  Store::open(path_);
  EXPECT_EQ(os::read_file(path_ + "/index.json"), "{}");
}

TEST_F(StoreStore, ShowsABlobOnlyAfterCommit) {
  auto store = Store::open(path_);
  base::Digest digest = base::sha256("hello world");
  BlobWriter writer = store->begin_blob();
  write(writer, "hello ");
  write(writer, "world");
  EXPECT_FALSE(store->has_blob(digest));
  EXPECT_EQ(store->blob_size(digest), std::nullopt);
  EXPECT_THROW(store->open_blob(digest), base::Error);
  BlobWriter moved = std::move(writer);
  EXPECT_EQ(moved.commit(digest), digest);
  EXPECT_EQ(store->blob_size(digest), 11U);
  EXPECT_EQ(os::read_file(store->blob_path(digest)), "hello world");
}

TEST_F(StoreStore, DropsABlobOfAnotherDigest) {
  auto store = Store::open(path_);
  BlobWriter writer = store->begin_blob();
  write(writer, "hello");
  try {
    writer.commit(base::sha256("other"));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCorrupt);
    EXPECT_NE(std::string(error.what()).find(base::sha256("other").str()), std::string::npos);
  }
  EXPECT_FALSE(store->has_blob(base::sha256("hello")));
  EXPECT_EQ(count("blobs/sha256"), 0U);
}

TEST_F(StoreStore, PutsABlobThatTheCallerProvesWhereItBelongs) {
  auto store = Store::open(path_);
  base::Digest digest = base::sha256("hello");
  BlobWriter writer = store->begin_blob(BlobProof::kCaller);
  write(writer, "hello");
  EXPECT_EQ(writer.commit(digest), digest);
  EXPECT_EQ(os::read_file(store->blob_path(digest)), "hello");
  EXPECT_THROW(store->begin_blob(BlobProof::kCaller).commit(), base::Error);
}

TEST_F(StoreStore, LeavesNothingOfAnAbandonedBlob) {
  auto store = Store::open(path_);
  {
    BlobWriter writer = store->begin_blob();
    write(writer, "hello");
  }
  for (const fs::directory_entry& lease : fs::directory_iterator(path_ + "/tmp"))
    EXPECT_TRUE(fs::is_empty(lease));
}

TEST_F(StoreStore, MendsABlobThatWasCutShort) {
  auto store = Store::open(path_);
  base::Digest digest = store->put_blob("content");
  fs::resize_file(store->blob_path(digest), 3);
  EXPECT_EQ(store->put_blob("content"), digest);
  EXPECT_EQ(os::read_file(store->blob_path(digest)), "content");
}

TEST_F(StoreStore, PublishesADirectoryOnce) {
  auto store = Store::open(path_);
  std::string place = store->tree_path("real", "sha256-1");
  for (const char* text : {"first", "second"}) {
    os::TempDir made = store->make_temp("x-");
    std::ofstream(made.path() + "/file") << text;
    EXPECT_EQ(store->publish(made.path(), place), std::string(text) == "first");
    EXPECT_FALSE(fs::exists(made.path()));
  }
  EXPECT_EQ(os::read_file(place + "/file"), "first");
}

TEST_F(StoreStore, WritesSmallFilesInOnePiece) {
  auto store = Store::open(path_);
  const std::string place = store->path() + "/records/small";
  store->write_file(place, "first");
  store->write_file(place, "second");
  EXPECT_EQ(os::read_file(place), "second");
  EXPECT_THROW(store->write_file(store->path() + "/nowhere/small", "x"), base::Error);
  std::size_t files = 0;  // drafts lie in the work that is swept, and not beside their place
  for (const auto& file : fs::recursive_directory_iterator(store->path() + "/tmp"))
    files += file.is_regular_file();
  EXPECT_EQ(files, 0U);
}

TEST_F(StoreStore, KeepsOthersFromItsTrees) {
  auto store = Store::open(path_);
  for (const char* folder : {"/trees", "/tmp"}) {
    EXPECT_EQ(fs::status(path_ + folder).permissions() & (fs::perms::group_all | fs::perms::others_all),
              fs::perms::none);
  }
}

TEST_F(StoreStore, RemovesItsWorkWhenItCloses) {
  auto store = Store::open(path_);
  std::ofstream(store->make_temp("left-").release() + "/file") << "x";
  store.reset();
  EXPECT_EQ(count("tmp"), 0U);
  EXPECT_EQ(count("leases"), 1U);  // the lock file of the store itself
}

TEST_F(StoreStore, SweepsTheWorkOfAKilledProcessButNotOfALiveOne) {
  auto living = Store::open(path_);
  std::string alive = living->make_temp("alive-").release();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  pid_t child = ::fork();
  if (child == 0) {
    auto store = Store::open(path_);
    std::ofstream(store->make_temp("dead-").release() + "/file") << "x";
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(count("tmp"), 2U);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);

  auto next = Store::open(path_);
  EXPECT_EQ(count("tmp"), 2U);  // the living one's and the new one's
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_EQ(count("leases"), 3U);
}

TEST_F(StoreStore, UsingMarksTheTime) {
  auto store = Store::open(path_);
  base::Digest digest = store->put_blob("content");
  std::int64_t lease = os::modified_time(path_ + "/leases/" + only_lease()).value();
  auto uses = {std::function<bool()>([&] { return store->has_blob(digest); }),
               std::function<bool()>([&] { return store->blob_size(digest).has_value(); }),
               std::function<bool()>([&] { return store->open_blob(digest).valid(); }),
               std::function<bool()>([&] { return store->put_blob("content") == digest; })};
  for (const auto& use : uses) {
    ASSERT_TRUE(os::set_modified_time(store->blob_path(digest), 1'000'000'000));
    EXPECT_TRUE(use());
    EXPECT_GE(os::modified_time(store->blob_path(digest)), lease);
  }
  EXPECT_FALSE(store->use(path_ + "/layers/none"));
  EXPECT_FALSE(fs::exists(path_ + "/layers/none"));
}

TEST_F(StoreStore, KnowsTheOldestLeaseOfOthers) {
  std::int64_t tomorrow = os::now() + 86'400'000'000'000;
  auto store = Store::open(path_);
  ASSERT_TRUE(os::set_modified_time(path_ + "/leases/" + only_lease(), tomorrow));
  auto collector = Store::open(path_);
  EXPECT_EQ(collector->oldest_other_lease(), tomorrow);
  store.reset();
  EXPECT_EQ(collector->oldest_other_lease(), std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace cooper::store
