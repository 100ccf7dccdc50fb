#include "os/file_time.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "os/beneath.h"

namespace cooper::os {
namespace {

class OsFileTime : public ::testing::Test {
 protected:
  TempDir directory_{::testing::TempDir(), "os-time-"};
  std::string path_ = directory_.path() + "/file";
};

TEST_F(OsFileTime, IsReadAsItWasSet) {
  std::ofstream(path_) << "x";
  constexpr std::int64_t kTime = 1'700'000'000'123'456'789;
  ASSERT_TRUE(set_modified_time(path_, kTime));
  EXPECT_EQ(modified_time(path_), kTime);
}

TEST_F(OsFileTime, AMissingFileHasNone) {
  EXPECT_EQ(modified_time(path_), std::nullopt);
  EXPECT_FALSE(set_modified_time(path_, 1));
  EXPECT_EQ(errno, ENOENT);
}

TEST_F(OsFileTime, ALinkHasItsOwn) {
  std::ofstream(path_) << "x";
  std::filesystem::create_symlink(path_, path_ + "-link");
  ASSERT_TRUE(set_modified_time(path_ + "-link", 1'000'000'000));
  EXPECT_EQ(modified_time(path_ + "-link"), 1'000'000'000);
  EXPECT_GT(modified_time(path_), 1'000'000'000);
}

TEST_F(OsFileTime, TheFileSystemIsNeverAhead) {
  std::int64_t before = file_system_now();
  std::ofstream(path_) << "x";
  EXPECT_LE(before, modified_time(path_));
  EXPECT_LE(modified_time(path_), now());
}

}  // namespace
}  // namespace cooper::os
