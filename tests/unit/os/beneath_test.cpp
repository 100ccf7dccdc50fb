#include "os/beneath.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace cooper::os {
namespace {

namespace fs = std::filesystem;

// A root with hostile links, and a secret beside it that no path may reach.
class OsBeneath : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_path_ + "/etc");
    fs::create_directories(root_path_ + "/usr/lib");
    write_file_atomically(top_.path() + "/secret", "outside");
    write_file_atomically(root_path_ + "/etc/passwd", "inside");
    write_file_atomically(root_path_ + "/secret", "inside too");
    fs::create_symlink("/etc/passwd", root_path_ + "/absolute");
    fs::create_symlink("../../../../secret", root_path_ + "/etc/up");
    fs::create_symlink("usr/lib", root_path_ + "/lib");
    fs::create_symlink("loop", root_path_ + "/loop");
    fs::create_symlink("/nowhere", root_path_ + "/dangling");
  }
  static std::string content(const Fd& fd) {
    FdSource source(fd.get(), "file");
    return base::read_all(source, 1000, "file");
  }
  static int errno_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const base::Error& error) {
      return error.errno_value();
    }
    return 0;
  }

  TempDir top_{fs::temp_directory_path().string(), "os-beneath-"};
  std::string root_path_ = top_.path() + "/root";
};

TEST_F(OsBeneath, ResolvesAbsolutePathsAndLinksInsideTheRoot) {
  const Root root(root_path_);
  EXPECT_EQ(content(root.open_in_root("/etc/passwd", O_RDONLY)), "inside");
  EXPECT_EQ(content(root.open_in_root("absolute", O_RDONLY)), "inside");
}

TEST_F(OsBeneath, CannotLeaveTheRoot) {
  const Root root(root_path_);
  EXPECT_EQ(content(root.open_in_root("etc/up", O_RDONLY)), "inside too");
  EXPECT_EQ(content(root.open_in_root("../../secret", O_RDONLY)), "inside too");
}

TEST_F(OsBeneath, NofollowKeepsTheLastLinkOnly) {
  const Root root(root_path_);
  EXPECT_EQ(errno_of([&] { root.open_nofollow("absolute", O_RDONLY); }), ELOOP);
  struct stat status {};
  const Fd link = root.open_nofollow("absolute", O_PATH);
  ASSERT_EQ(::fstat(link.get(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
  EXPECT_TRUE(root.open_nofollow("lib/../lib", O_PATH | O_NOFOLLOW).valid());
}

TEST_F(OsBeneath, ExactRefusesEveryLink) {
  const Root root(root_path_);
  EXPECT_EQ(content(root.open_exact("etc/passwd", O_RDONLY)), "inside");
  EXPECT_EQ(errno_of([&] { root.open_exact("lib/x", O_RDONLY); }), ELOOP);
  EXPECT_EQ(errno_of([&] { root.open_exact("absolute", O_RDONLY); }), ELOOP);
}

TEST_F(OsBeneath, ReportsLoopsAndMissingFiles) {
  const Root root(root_path_);
  EXPECT_EQ(errno_of([&] { root.open_in_root("loop", O_RDONLY); }), ELOOP);
  EXPECT_EQ(errno_of([&] { root.open_in_root("dangling", O_RDONLY); }), ENOENT);
  EXPECT_EQ(errno_of([&] { root.open_in_root("etc/passwd/x", O_RDONLY); }), ENOTDIR);
}

TEST_F(OsBeneath, CreatesWithTheModeAskedFor) {
  const Root root(root_path_);
  const Fd file = root.open_exact("usr/new", O_WRONLY | O_CREAT | O_EXCL, 0600);
  struct stat status {};
  ASSERT_EQ(::fstat(file.get(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  // Through a dangling link the file appears inside the root.
  EXPECT_TRUE(root.open_in_root("dangling", O_WRONLY | O_CREAT, 0644).valid());
  EXPECT_TRUE(fs::exists(root_path_ + "/nowhere"));
}

TEST_F(OsBeneath, MakesDirectoriesLikeMkdirP) {
  make_directories(root_path_ + "/a/b//c/");
  EXPECT_TRUE(fs::is_directory(root_path_ + "/a/b/c"));
  EXPECT_NO_THROW(make_directories(root_path_ + "/a/b/c"));
  EXPECT_NO_THROW(make_directories("/"));
  EXPECT_EQ(errno_of([&] { make_directories(root_path_ + "/etc/passwd"); }), ENOTDIR);
  EXPECT_EQ(errno_of([&] { make_directories(root_path_ + "/etc/passwd/x"); }), ENOTDIR);
}

TEST_F(OsBeneath, TempDirRemovesItsContentUnlessReleased) {
  std::string gone;
  std::string kept;
  {
    const TempDir first(top_.path());
    TempDir second(top_.path() + "/made/on/the/way", "named-");
    gone = first.path();
    write_file_atomically(gone + "/file", "x");
    kept = second.release();
  }
  EXPECT_FALSE(fs::exists(gone));
  EXPECT_TRUE(fs::is_directory(kept));
  EXPECT_NE(kept.find("/named-"), std::string::npos);
}

class OsRemoveTree : public OsBeneath {};

TEST_F(OsRemoveTree, RemovesLinksNotTheirTargets) {
  fs::create_symlink(top_.path() + "/secret", root_path_ + "/etc/out");
  fs::create_directory_symlink(top_.path(), root_path_ + "/etc/outdir");
  remove_tree(root_path_);
  EXPECT_FALSE(fs::exists(root_path_));
  EXPECT_EQ(read_file(top_.path() + "/secret"), "outside");
}

TEST_F(OsRemoveTree, AcceptsMissingPathsFilesAndTrailingSlashes) {
  EXPECT_NO_THROW(remove_tree(top_.path() + "/absent"));
  EXPECT_NO_THROW(remove_tree(top_.path() + "/secret/x"));
  remove_tree(root_path_ + "/etc/");
  EXPECT_FALSE(fs::exists(root_path_ + "/etc"));
  remove_tree(root_path_ + "/secret");
  EXPECT_FALSE(fs::exists(root_path_ + "/secret"));
}

TEST_F(OsRemoveTree, MakesUnreadableDirectoriesAccessible) {
  make_directories(root_path_ + "/usr/lib/deep/er");
  write_file_atomically(root_path_ + "/usr/lib/deep/file", "x");
  for (const char* name : {"/usr/lib/deep/er", "/usr/lib/deep", "/usr/lib", "/usr"}) {
    ASSERT_EQ(::chmod((root_path_ + name).c_str(), 0), 0);
  }
  remove_tree(root_path_ + "/usr");
  EXPECT_FALSE(fs::exists(root_path_ + "/usr"));
}

TEST_F(OsRemoveTree, RemovesTreesDeeperThanThereAreDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  Fd current = open_file(root_path_, O_PATH | O_DIRECTORY);
  for (int depth = 0; depth < 300; ++depth) {
    ASSERT_EQ(::mkdirat(current.get(), "d", 0755), 0);
    current = Fd(::openat(current.get(), "d", O_PATH | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(current.valid());
  }
  current.reset();
  const rlimit few{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_NO_THROW(remove_tree(root_path_));
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_FALSE(fs::exists(root_path_));
}

TEST_F(OsRemoveTree, NamesWhatItCannotRemove) {
  EXPECT_EQ(errno_of([&] { remove_tree("/proc/self/status"); }), EPERM);
}

}  // namespace
}  // namespace cooper::os
