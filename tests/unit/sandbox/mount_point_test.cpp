#include "sandbox/mount_point.h"

#include <array>
#include <barrier>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <numeric>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include "base/error.h"
#include "os/beneath.h"

namespace cooper::sandbox {
namespace {

namespace fs = std::filesystem;

class SandboxMountPoint : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_ + "/etc"); }

  MountPoints points() const { return MountPoints(fd_.get()); }
  std::string place_of(const os::Fd& fd) const {
    return fs::relative(fs::read_symlink("/proc/self/fd/" + std::to_string(fd.get())), top_.path()).string();
  }
  static timespec modified(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mtim;
  }
  static void make_old(const std::string& path) {
    const std::array<timespec, 2> times{timespec{1000, 5}, timespec{1000, 5}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
  }

  os::TempDir top_{fs::temp_directory_path().string(), "mount-point-"};
  std::string root_ = (fs::create_directories(top_.path() + "/root"), top_.path() + "/root");
  os::Fd fd_ = os::open_file(root_, O_PATH | O_DIRECTORY);
};

TEST_F(SandboxMountPoint, FindsWhatExists) {
  MountPoints points = this->points();
  EXPECT_EQ(place_of(points.prepare("/etc", MountPointType::kDirectory)), "root/etc");
  EXPECT_TRUE(points.stubs().empty());
}

TEST_F(SandboxMountPoint, MakesWhatIsMissingAndRemembersIt) {
  make_old(root_);
  MountPoints points = this->points();
  EXPECT_EQ(place_of(points.prepare("run/secrets/token", MountPointType::kFile)), "root/run/secrets/token");
  EXPECT_TRUE(fs::is_regular_file(root_ + "/run/secrets/token"));
  EXPECT_EQ(points.stubs(), (std::vector<std::string>{"run/", "run/secrets/", "run/secrets/token"}));
  EXPECT_EQ(modified(root_).tv_sec, 1000);
  points.prepare("/proc", MountPointType::kDirectory, true);
  points.make_directory("/src/app");
  points.make_directory("/");
  EXPECT_EQ(points.stubs().size(), 3u) << "what is to be kept is no stub";
}

// Steps that share a cache make mount points in it at the same time.
TEST_F(SandboxMountPoint, SeveralMayMakeTheSameAtOnce) {
  constexpr int kRounds = 200;
  constexpr int kSteps = 4;
  for (int round = 0; round < kRounds; ++round) {
    const std::string target = "/c" + std::to_string(round) + "/d/f";
    std::barrier start(kSteps);
    std::array<std::size_t, kSteps> made{};
    std::array<std::string, kSteps> errors;
    {
      std::vector<std::jthread> steps;
      for (std::size_t step = 0; step < kSteps; ++step) {
        steps.emplace_back([&, step] {
          MountPoints points = this->points();
          start.arrive_and_wait();
          try {
            points.prepare(target, MountPointType::kFile);
          } catch (const base::Error& error) {
            errors.at(step) = error.message();
          }
          made.at(step) = points.stubs().size();
        });
      }
    }
    for (const std::string& error : errors) ASSERT_EQ(error, "");
    ASSERT_EQ(std::accumulate(made.begin(), made.end(), std::size_t{0}), 3U)
        << "each by the one that made it";
  }
}

TEST_F(SandboxMountPoint, KeepsHostileLinksInside) {
  fs::create_directories(top_.path() + "/outside");
  fs::create_symlink("../../../../../../outside", root_ + "/up");
  fs::create_symlink(top_.path() + "/outside", root_ + "/absolute");
  fs::create_symlink("/../up/x", root_ + "/etc/resolv.conf");
  MountPoints points = this->points();
  points.prepare("/up/a", MountPointType::kDirectory);
  points.prepare("/absolute/b", MountPointType::kDirectory);
  EXPECT_EQ(place_of(points.prepare("/etc/resolv.conf", MountPointType::kFile)), "root/outside/x");
  points.prepare("/../../outside/c", MountPointType::kDirectory);
  EXPECT_TRUE(fs::is_empty(top_.path() + "/outside"));
  EXPECT_TRUE(fs::exists(root_ + "/outside/a"));
}

TEST_F(SandboxMountPoint, RefusesWhatCannotBeAMountPoint) {
  os::write_file_atomically(root_ + "/file", "x");
  fs::create_symlink("loop", root_ + "/loop");
  MountPoints points = this->points();
  EXPECT_THROW(points.prepare("/file", MountPointType::kDirectory), base::Error);
  EXPECT_THROW(points.prepare("/etc", MountPointType::kFile), base::Error);
  EXPECT_THROW(points.prepare("/file/below", MountPointType::kFile), base::Error);
  EXPECT_THROW(points.prepare("/loop", MountPointType::kFile), base::Error);
  EXPECT_THROW(points.prepare("/", MountPointType::kDirectory), base::Error);
  EXPECT_THROW(points.prepare("/etc/..", MountPointType::kDirectory), base::Error);
}

TEST_F(SandboxMountPoint, RemovesStubsThatNobodyTouched) {
  MountPoints points = this->points();
  points.prepare("/run/secrets/token", MountPointType::kFile);
  points.prepare("/etc/hosts", MountPointType::kFile);
  points.prepare("/cache/deep", MountPointType::kDirectory);
  points.prepare("/used", MountPointType::kDirectory);
  os::write_file_atomically(root_ + "/cache/new", "x");
  os::write_file_atomically(root_ + "/used/file", "x");
  make_old(root_ + "/etc");
  remove_stubs(root_, points.stubs());
  EXPECT_FALSE(fs::exists(root_ + "/run"));
  EXPECT_FALSE(fs::exists(root_ + "/etc/hosts"));
  EXPECT_EQ(modified(root_ + "/etc").tv_sec, 1000);
  EXPECT_FALSE(fs::exists(root_ + "/cache/deep"));
  EXPECT_TRUE(fs::exists(root_ + "/cache/new"));
  EXPECT_TRUE(fs::exists(root_ + "/used/file"));
}

TEST_F(SandboxMountPoint, NeverFollowsALinkThatReplacedAStubsParent) {
  fs::create_directories(top_.path() + "/outside");
  os::write_file_atomically(top_.path() + "/outside/token", "");
  fs::create_directory_symlink(top_.path() + "/outside", root_ + "/run");
  EXPECT_NO_THROW(remove_stubs(root_, {"run/", "run/token", "gone/", "gone/x"}));
  EXPECT_TRUE(fs::exists(top_.path() + "/outside/token"));
  EXPECT_TRUE(fs::is_symlink(root_ + "/run"));
}

}  // namespace
}  // namespace cooper::sandbox
