#include "context/git_tree.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/fd.h"

namespace cooper::context {
namespace {

namespace fs = std::filesystem;
using snapshot::Entry;

TEST(ContextGitTree, ShowsWhatGitKnowsAndNothingOfThisMachine) {
  os::TempDir directory(::testing::TempDir());
  const std::string path = directory.path();
  fs::create_directory(path + "/dir");
  fs::permissions(path + "/dir", fs::perms(02700));
  os::write_file_atomically(path + "/dir/file", "content", 0600);
  os::write_file_atomically(path + "/run", "program", 0711);
  fs::create_symlink("run", path + "/link");
  {
    const GitTree tree(std::move(directory), 1'700'000'000);
    EXPECT_EQ(tree.lookup("dir")->mode, 0755U);
    const Entry file = *tree.lookup("dir/file");
    EXPECT_EQ(file.mode, 0644U);
    EXPECT_EQ(file.mtime, 1'700'000'000);
    EXPECT_EQ(file.mtime_nsec, 0U);
    EXPECT_EQ(tree.content_digest(file), base::sha256("content"));
    EXPECT_EQ(tree.list("").size(), 3U);
    EXPECT_EQ(tree.list("")[2].mode, 0755U) << "run";
    EXPECT_EQ(tree.lookup("link")->link_target, "run");
    EXPECT_EQ(tree.lookup("link")->mode, 0777U);
    EXPECT_EQ(tree.lookup("none"), std::nullopt);
  }
  EXPECT_FALSE(fs::exists(path)) << "the checkout goes with the tree";
}

}  // namespace
}  // namespace cooper::context
