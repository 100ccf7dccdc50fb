#include "os/disk_usage.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "os/beneath.h"

namespace cooper::os {
namespace {

namespace fs = std::filesystem;

class OsDiskUsage : public ::testing::Test {
 protected:
  void write(const std::string& name, std::size_t size) const {
    std::ofstream(path(name)) << std::string(size, 'x');
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::uint64_t total() const { return tree_usage(directory_.path()); }
  TempDir directory_{::testing::TempDir(), "os-usage-"};
};

TEST_F(OsDiskUsage, CountsContentAndInodes) {
  std::uint64_t before = total();
  write("file", 1'000'000);
  EXPECT_GE(total(), before + 1'000'000);
  before = total();
  for (int i = 0; i < 10; ++i) write("empty" + std::to_string(i), 0);
  EXPECT_GE(total(), before + 10 * kInodeUsage);
  fs::create_directories(path("a/b/c"));
  before = total();
  write("a/b/c/file", 1'000'000);
  EXPECT_GE(total(), before + 1'000'000);
}

TEST_F(OsDiskUsage, CountsAFileWithSeveralNamesOnce) {
  write("file", 1'000'000);
  std::uint64_t before = total();
  fs::create_hard_link(path("file"), path("other"));
  EXPECT_LT(total(), before + 100'000);
}

TEST_F(OsDiskUsage, FollowsNoSymlinkAndTakesNoHoleForContent) {
  std::uint64_t before = total();
  fs::create_symlink("/", path("root"));
  write("sparse", 0);
  fs::resize_file(path("sparse"), 1 << 30);
  EXPECT_LT(total(), before + 100'000);
}

TEST_F(OsDiskUsage, WhatIsGoneTakesNothing) {
  EXPECT_EQ(tree_usage(path("gone")), 0U);
}

}  // namespace
}  // namespace cooper::os
