#include "snapshot/directory_index.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/beneath.h"
#include "os/fd.h"
#include "os/file_time.h"

namespace cooper::snapshot {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t kSecond = 1'000'000'000;

class SnapshotDirectoryIndex : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name)) << content;
  }
  // Both times.
  void set_times(const std::string& name, std::int64_t accessed, std::int64_t modified) const {
    const timespec times[] = {{accessed, 0}, {modified, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path(name).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }
  DirectoryIndex look(const DirectoryRules& rules = {}) {
    return index_directory(directory_.path(), form(), rules, pool_);
  }
  static Form form() { return ::geteuid() == 0 ? Form::kReal : Form::kOwn; }
  // "path", "path gone", "path = target"; directories are left out.
  static std::vector<std::string> lines(const LayerIndex& index) {
    std::vector<std::string> all;
    for (const Entry& entry : index.entries()) {
      if (entry.type == EntryType::kWhiteout) {
        all.push_back(entry.path + " gone");
      } else if (entry.type == EntryType::kHardlink) {
        all.push_back(entry.path + " = " + entry.link_target);
      } else if (!entry.is_directory()) {
        all.push_back(entry.path);
      }
    }
    return all;
  }
  // What changed after `before` was looked at.
  std::vector<std::string> changes(const DirectoryIndex& before) {
    DirectoryRules rules;
    rules.known = &before.index;
    rules.since = time_;
    return lines(index_changes(before.index, look(rules)));
  }
  DirectoryIndex before() {
    DirectoryIndex index = look();
    time_ = os::now();
    return index;
  }
  // The kernel's clock of files is coarse: what is done from now on is later than before().
  void pass() const {
    while (os::file_system_now() <= time_) {
    }
  }

  os::TempDir directory_{::testing::TempDir(), "directory-index-"};
  base::ThreadPool pool_{2};
  std::int64_t time_ = 0;
};

TEST_F(SnapshotDirectoryIndex, ListsWhatALayerCanHold) {
  write("d/file", "x");
  fs::create_symlink("file", path("d/link"));
  fs::create_hard_link(path("d/file"), path("other"));
  write("d/.wh.file", "no");
  write(".wh.d/below", "no");
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(lines(look().index), ElementsAre("d/file", "d/link", "fifo", "other = d/file"));
}

TEST_F(SnapshotDirectoryIndex, SocketsStayWhereTheyAre) {
  const os::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("s").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_THAT(lines(look().index), IsEmpty());
  EXPECT_TRUE(fs::exists(path("s")));
}

TEST_F(SnapshotDirectoryIndex, NothingChanged) {
  write("d/file", "x");
  fs::create_hard_link(path("d/file"), path("d/other"));
  EXPECT_THAT(changes(before()), IsEmpty());
}

TEST_F(SnapshotDirectoryIndex, ChangedNewAndGone) {
  write("changed", "x");
  write("kept", "x");
  write("gone/deep/file", "x");
  write("a/gone", "x");
  write("turned/file", "x");
  const DirectoryIndex first = before();
  write("changed", "xy");
  write("new", "x");
  fs::remove_all(path("gone"));
  fs::remove(path("a/gone"));
  fs::remove_all(path("turned"));
  write("turned", "a file now");
  EXPECT_THAT(changes(first), ElementsAre("a/gone gone", "changed", "gone gone", "new", "turned"));
}

TEST_F(SnapshotDirectoryIndex, OneSizeAndOneTimeAreNotOneContent) {
  write("file", "old");
  set_times("file", 1'000, 1'000);
  const DirectoryIndex first = before();
  pass();
  write("file", "new");
  set_times("file", 1'000, 1'000);
  EXPECT_THAT(changes(first), ElementsAre("file"));
}

TEST_F(SnapshotDirectoryIndex, AFileComesWithAllItsNames) {
  write("a", "x");
  fs::create_hard_link(path("a"), path("b"));
  write("c", "x");
  const DirectoryIndex first = before();
  pass();
  fs::create_hard_link(path("a"), path("z"));
  EXPECT_THAT(changes(first), ElementsAre("a", "b = a", "z = a"));
  fs::remove(path("a"));
  EXPECT_THAT(changes(first), ElementsAre("a gone", "b", "z = b"));
}

TEST_F(SnapshotDirectoryIndex, AFileThatIsReadIsNotTooOld) {
  const std::int64_t now = os::now() / kSecond;
  write("old", "x");
  set_times("old", now - 1000, now - 1000);
  write("read", "x");
  set_times("read", now, now - 1000);
  write("young", "x");
  DirectoryRules rules;
  rules.used_since = now - 500;
  EXPECT_THAT(lines(look(rules).index), ElementsAre("read", "young"));
}

// Where the disk cannot hold owners and modes, they are as they were saved.
TEST_F(SnapshotDirectoryIndex, WhatTheFormCannotHoldIsKnown) {
  write("file", "x");
  ASSERT_EQ(::chmod(path("file").c_str(), 0600), 0);
  DirectoryIndex first = index_directory(directory_.path(), Form::kOwn, {}, pool_);
  std::vector<Entry> entries = first.index.entries();
  entries[0].uid = 1234;
  entries[0].gid = 5678;
  entries[0].mode = 0200;
  first.index = LayerIndex(std::move(entries));
  DirectoryRules rules;
  rules.known = &first.index;
  rules.since = os::now();
  const DirectoryIndex second = index_directory(directory_.path(), Form::kOwn, rules, pool_);
  EXPECT_EQ(second.index.find("file")->uid, 1234U);
  EXPECT_EQ(second.index.find("file")->mode, 0200U);
  EXPECT_THAT(index_changes(first.index, second).entries(), IsEmpty());
}

}  // namespace
}  // namespace cooper::snapshot
