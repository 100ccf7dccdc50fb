// The walk must give what openat2 gives: every case runs through both and the results are compared.
#include "os/path_walk.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <ostream>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/beneath.h"

namespace cooper::os {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int error = 0;
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << "errno " << outcome.error << " inode " << outcome.inode;
}

Outcome outcome_of(int number) {
  if (number < 0) return {.error = errno};
  const Fd fd(number);
  struct stat status {};
  if (::fstat(fd.get(), &status) < 0) return {.error = errno};
  return {.error = 0, .device = status.st_dev, .inode = status.st_ino};
}

Outcome by_kernel(int root, const std::string& path, int flags, Symlinks symlinks) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  if (symlinks != Symlinks::kFollow) how.flags |= O_NOFOLLOW;
  how.resolve = RESOLVE_IN_ROOT | (symlinks == Symlinks::kRefuse ? RESOLVE_NO_SYMLINKS : 0);
  return outcome_of(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

TEST(OsPathWalk, AgreesWithOpenat2) {
  const TempDir top(fs::temp_directory_path().string(), "os-walk-");
  const std::string root_path = top.path() + "/root";
  fs::create_directories(root_path + "/a/b/c");
  write_file_atomically(root_path + "/a/file", "x");
  write_file_atomically(top.path() + "/outside", "x");
  fs::create_symlink("/a/b", root_path + "/abs");
  fs::create_symlink("../../../../outside", root_path + "/a/escape");
  fs::create_symlink("../file", root_path + "/a/b/rel");
  fs::create_symlink("a/./b/../b//c/", root_path + "/messy");
  fs::create_symlink("/", root_path + "/a/top");
  fs::create_symlink("loop2", root_path + "/loop1");
  fs::create_symlink("loop1", root_path + "/loop2");
  fs::create_symlink("missing", root_path + "/dangling");
  const Fd root = open_file(root_path, O_PATH | O_DIRECTORY);
  if (by_kernel(root.get(), ".", O_PATH, Symlinks::kFollow).error != 0) GTEST_SKIP() << "no openat2 here";

  for (const char* path : {"",
                           "/",
                           ".",
                           "..",
                           "../..",
                           "a",
                           "a/",
                           "/a/b/c",
                           "a/file",
                           "a/file/",
                           "a/file/x",
                           "a/b/../file",
                           "abs",
                           "abs/",
                           "abs/rel",
                           "abs/..",
                           "abs/../file",
                           "a/escape",
                           "a/b/rel",
                           "messy",
                           "messy/..",
                           "a/top",
                           "a/top/a/top/a/file",
                           "loop1",
                           "loop1/x",
                           "dangling",
                           "dangling/x",
                           "none",
                           "none/x",
                           "a//b///c",
                           "./a/./b/.",
                           "a/b/c/../../../../../a"}) {
    for (const int flags : {O_PATH, O_RDONLY, O_RDONLY | O_DIRECTORY, O_PATH | O_NOFOLLOW}) {
      for (const Symlinks symlinks : {Symlinks::kFollow, Symlinks::kFollowParents, Symlinks::kRefuse}) {
        const int kernel_flags = flags | (symlinks == Symlinks::kFollow ? 0 : O_NOFOLLOW);
        const Outcome expected = by_kernel(root.get(), path, kernel_flags, symlinks);
        EXPECT_EQ(outcome_of(open_by_walk(root.get(), path, kernel_flags, 0, symlinks)), expected)
            << "path '" << path << "' flags " << flags << " symlinks " << static_cast<int>(symlinks);
      }
    }
  }
}

TEST(OsPathWalk, CreatesThroughADanglingLinkInsideTheRoot) {
  const TempDir top(fs::temp_directory_path().string(), "os-walk-");
  fs::create_directory(top.path() + "/root");
  fs::create_symlink("/../../made", top.path() + "/root/link");
  const Fd root = open_file(top.path() + "/root", O_PATH | O_DIRECTORY);
  EXPECT_TRUE(Fd(open_by_walk(root.get(), "link", O_WRONLY | O_CREAT, 0600, Symlinks::kFollow)).valid());
  EXPECT_TRUE(fs::exists(top.path() + "/root/made"));
  EXPECT_FALSE(fs::exists(top.path() + "/made"));
}

}  // namespace
}  // namespace cooper::os
