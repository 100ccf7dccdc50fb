#include "snapshot/entry.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

namespace cooper::snapshot {
namespace {

TEST(SnapshotEntry, OrdersWhatIsBelowADirectoryRightAfterIt) {
  std::vector<std::string> paths{"a-b", "b", "a/c", "a", "a/b/z", "", "a/b", "a\x01", "a/b-c", "\xff"};
  std::sort(paths.begin(), paths.end(), path_less);
  EXPECT_EQ(paths,
            (std::vector<std::string>{"", "a", "a/b", "a/b/z", "a/b-c", "a/c", "a\x01", "a-b", "b", "\xff"}));
}

TEST(SnapshotEntry, SplitsAndJoinsPaths) {
  EXPECT_EQ(base_name("usr/bin/env"), "env");
  EXPECT_EQ(base_name("env"), "env");
  EXPECT_EQ(parent_path("usr/bin/env"), "usr/bin");
  EXPECT_EQ(parent_path("env"), "");
  EXPECT_EQ(join_path("", "a"), "a");
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a", ""), "a");
}

TEST(SnapshotEntry, CleansPathsAndClampsThemAtTheRoot) {
  EXPECT_EQ(clean_path("/usr//./bin/"), "usr/bin");
  EXPECT_EQ(clean_path("a/../../b"), "b");
  EXPECT_EQ(clean_path("../.."), "");
  EXPECT_EQ(clean_path("./"), "");
  EXPECT_EQ(clean_path("a/..b/..."), "a/..b/...");
}

}  // namespace
}  // namespace cooper::snapshot
