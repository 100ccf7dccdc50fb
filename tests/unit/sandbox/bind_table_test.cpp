#include "sandbox/bind_table.h"

#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"
#include "sandbox/step_view.h"

namespace cooper::sandbox {
namespace {

namespace fs = std::filesystem;
using Flags = stub::Bind::Flags;

class BindTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"root/bin", "root/etc", "scratch", "shared/sub"})
      os::make_directories(path(name));
    os::write_file_atomically(path("root/bin/tool"), "tool");
    os::write_file_atomically(path("shared/sub/file"), "shared");
    farm_.directory = path("root");
    farm_.scratch = path("scratch");
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  static std::vector<std::string> targets(const BindTable& table) {
    std::vector<std::string> names;
    for (const auto& entry : table.entries()) names.push_back(entry.target);
    return names;
  }

  static std::string content(const StepView& view, const std::string& name) {
    const os::Fd place = view.open(name);
    return os::read_file("/proc/self/fd/" + std::to_string(place.get()));
  }

  os::TempDir directory_{::testing::TempDir(), "cooper-binds-"};
  FarmRoot farm_;
};

TEST(BindPaths, AreCompared) {
  EXPECT_EQ(normal_path("//a/./b/../c/"), "/a/c");
  EXPECT_EQ(normal_path("../.."), "/");
  EXPECT_TRUE(is_beneath("/a/b", "/a"));
  EXPECT_TRUE(is_beneath("/a", "/a"));
  EXPECT_TRUE(is_beneath("/a", "/"));
  EXPECT_FALSE(is_beneath("/ab", "/a"));
}

TEST_F(BindTableTest, LongerTargetsComeFirst) {
  BindTable table(farm_);
  table.add(BindMount{.source = path("shared"), .target = "/a"});
  table.add(BindMount{.source = path("shared/sub"), .target = "/a/long"});
  table.add(FileMount{.target = "/b/", .content = "x"});
  EXPECT_EQ(targets(table), (std::vector<std::string>{"/a/long", "/a", "/b"}));
  EXPECT_EQ(table.find("/a/long/x")->rest, "x");
  EXPECT_EQ(table.find("/a/longer")->rest, "longer");
  EXPECT_FALSE(table.find("/c"));
}

TEST_F(BindTableTest, LaterMountsHideEarlierOnes) {
  BindTable table(farm_);
  table.add(FileMount{.target = "/a/b", .content = "x"});
  table.add(FileMount{.target = "/ab", .content = "x"});
  table.add(TmpfsMount{.target = "/a"});
  EXPECT_EQ(targets(table), (std::vector<std::string>{"/ab", "/a"}));
}

TEST_F(BindTableTest, TargetsOverSymlinksAreBoundTwice) {
  farm_.places = {{.target = "/var/run/secret", .path = "run/secret"}};
  BindTable table(farm_);
  table.add(FileMount{.target = "/var/run/secret", .content = "x"});
  EXPECT_EQ(targets(table), (std::vector<std::string>{"/var/run/secret", "/run/secret"}));
}

TEST_F(BindTableTest, SourcesCannotLeadOutOfTheirTree) {
  fs::create_symlink("/sub", path("shared/link"));
  fs::create_symlink(path("root"), path("shared/escape"));
  fs::create_symlink("shared", path("direct"));
  BindTable table(farm_);
  table.add(BindMount{.source = path("shared"), .target = "/in", .path = "link"});
  EXPECT_EQ(content(StepView(path("root"), table), "/in/file"), "shared");
  EXPECT_THROW(table.add(BindMount{.source = path("shared"), .target = "/x", .path = "escape"}), base::Error);
  EXPECT_THROW(table.add(BindMount{.source = path("direct"), .target = "/x"}), base::Error);
  EXPECT_THROW(table.add(BindMount{.source = path("shared"), .target = "/"}), base::Error);
}

TEST_F(BindTableTest, FilesAreSealed) {
  BindTable table(farm_);
  table.add(FileMount{.target = "/token", .content = "secret", .mode = 0400});
  const os::Fd& file = table.source(table.entries().at(0));
  EXPECT_EQ(content(StepView(path("root"), table), "/token"), "secret");
  EXPECT_LT(::ftruncate(file.get(), 0), 0);
  struct stat status {};
  ASSERT_EQ(::fstat(file.get(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0400U);
}

TEST_F(BindTableTest, OwnDirectoriesHaveTheirModeAndMarks) {
  os::make_directories(path("root/tmp"));
  BindTable table(farm_);
  table.add(TmpfsMount{.target = "/tmp/box", .mode = 01777});
  table.add(FileMount{.target = "/tmp/box/deep/token", .content = "x"});
  struct stat status {};
  ASSERT_EQ(::fstat(table.source(table.entries().at(1)).get(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 01777U);
  EXPECT_EQ(fs::read_symlink(path("scratch/1/deep/token")), "token");
  EXPECT_EQ(content(StepView(path("root"), table), "/tmp/box/deep/token"), "x");
}

TEST_F(BindTableTest, DevIsOursButItsNodesAreTheMachines) {
  BindTable table(farm_);
  table.add_system_directories();
  const StepView view(path("root"), table);
  struct stat status {};
  ASSERT_EQ(::fstat(view.open("/dev/null").get(), &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
  ASSERT_EQ(::fstat(view.open("/dev/shm").get(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 01777U);
  EXPECT_EQ(fs::read_symlink(path("scratch/1/stdin")), "/proc/self/fd/0");
  EXPECT_EQ(fs::read_symlink(path("scratch/1/null")), "null") << "a mark";
  EXPECT_FALSE(fs::exists(path("scratch/1/kmsg")));
}

TEST_F(BindTableTest, ThePublishedTableSaysWhatIsWhere) {
  BindTable table(farm_);
  table.add_system_directories();
  table.add(BindMount{.source = path("shared"), .target = "/dev/shared", .read_only = false});
  const auto board = std::make_unique<stub::Board>();
  table.publish(*board);
  ASSERT_EQ(board->bind_count, table.entries().size());
  std::size_t length = sizeof stub::Bind::target;
  for (unsigned index = 0; index < board->bind_count; ++index) {
    const stub::Bind& bind = board->binds[index];
    EXPECT_LE(std::string(bind.target).size(), length);
    length = std::string(bind.target).size();
    EXPECT_EQ(bind.fd, stub::kFirstBindFd + static_cast<int>(index));
    const std::string target = bind.target;
    if (target == "/proc") {
      EXPECT_EQ(bind.flags, Flags::kDirectory | Flags::kMagicLinks);
    }
    if (target == "/sys") {
      EXPECT_EQ(bind.flags, Flags::kDirectory | Flags::kReadOnly);
    }
    if (target == "/dev/null") {
      EXPECT_EQ(bind.flags, 0U);
    }
    if (target == "/dev/shared") {
      EXPECT_EQ(bind.flags, Flags::kDirectory);
    }
  }
}

TEST_F(BindTableTest, WhatABoardCannotHoldIsRefused) {
  const auto board = std::make_unique<stub::Board>();
  BindTable deep(farm_);
  deep.add(FileMount{.target = "/" + std::string(300, 'x'), .content = ""});
  EXPECT_THROW(deep.publish(*board), base::Error);
  BindTable many(farm_);
  for (std::size_t index = 0; index <= stub::kMaxBinds; ++index) {
    many.add(FileMount{.target = "/" + std::to_string(index), .content = ""});
  }
  EXPECT_THROW(many.publish(*board), base::Error);
}

TEST_F(BindTableTest, ViewsMakeMissingDirectories) {
  BindTable table(farm_);
  table.add(BindMount{.source = path("shared"), .target = "/bin/shared", .read_only = false});
  const StepView view(path("root"), table);
  fs::create_symlink("shared", path("root/bin/shared"));
  view.make_directory("/bin/shared/sub/../new/deep/");
  EXPECT_TRUE(fs::is_directory(path("shared/new/deep")));
  EXPECT_TRUE(view.make_directory("/bin/shared/new/deep").valid());
  EXPECT_THROW(view.make_directory("/bin/tool/x"), base::Error);
  EXPECT_TRUE(view.make_directory("/").valid());
}

TEST_F(BindTableTest, ViewsResolveOverLinksAndBinds) {
  fs::create_symlink("/etc/../shared", path("root/direct"));
  fs::create_symlink("shared", path("root/shared"));  // the builder's mark
  fs::create_symlink("loop", path("root/loop"));
  fs::create_symlink("../../../../bin", path("root/etc/up"));
  BindTable table(farm_);
  table.add(BindMount{.source = path("shared"), .target = "/shared"});
  const StepView view(path("root"), table);
  EXPECT_EQ(content(view, "/direct/sub/file"), "shared");
  EXPECT_EQ(content(view, "/etc/up/tool"), "tool");
  EXPECT_EQ(content(view, "/shared/sub/../../bin/tool"), "tool");
  EXPECT_THROW(view.open("/loop"), base::Error);
  EXPECT_THROW(view.open("/bin/tool/x"), base::Error);
  EXPECT_THROW(view.open("/nothing"), base::Error);
  EXPECT_TRUE(view.open("/").valid());
}

}  // namespace
}  // namespace cooper::sandbox
