#include "sandbox/landlock.h"

#include <array>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"

namespace cooper::sandbox {
namespace {

class LandlockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Landlock::usable()) GTEST_SKIP() << "this kernel has no Landlock of ABI 2 or newer";
    for (const char* name : {"read", "write", "write/sub", "other"}) {
      os::make_directories(path(name));
      os::write_file_atomically(path(name) + "/file", "x");
    }
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  // 0 where all of `action` was true in a process that may read `read` and write `write`.
  int confined(const std::function<bool()>& action) const {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        Landlock rules;
        rules.grant(os::open_file(path("read"), O_PATH).get(), Landlock::Access::kRead, "read");
        rules.grant(os::open_file(path("write"), O_PATH).get(), Landlock::Access::kWrite, "write");
        rules.grant(os::open_file("/dev/null", O_PATH).get(), Landlock::Access::kWrite, "/dev/null");
        rules.enforce();
        ::_exit(action() ? 0 : 1);
      } catch (const base::Error& error) {
        std::fprintf(stderr, "%s\n", error.render().c_str());
        ::_exit(2);
      }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }

  static bool opens(const std::string& name, int flags) {
    return os::Fd(::open(name.c_str(), flags | O_CLOEXEC, 0600)).valid();
  }

  os::TempDir directory_{::testing::TempDir(), "cooper-landlock-"};
};

TEST_F(LandlockTest, GrantsWhatWasAskedForOnly) {
  EXPECT_EQ(confined([&] {
              return opens(path("read/file"), O_RDONLY) && !opens(path("read/file"), O_WRONLY) &&
                     !opens(path("read/new"), O_WRONLY | O_CREAT) &&
                     opens(path("write/file"), O_RDWR | O_TRUNC) &&
                     opens(path("write/new"), O_WRONLY | O_CREAT) && !opens(path("other/file"), O_RDONLY) &&
                     opens("/dev/null", O_RDWR) && !opens("/dev/zero", O_RDONLY);
            }),
            0);
}

TEST_F(LandlockTest, AllowsRenamesBetweenGrantedDirectories) {
  EXPECT_EQ(confined([&] {
              return ::rename(path("write/file").c_str(), path("write/sub/moved").c_str()) == 0 &&
                     ::link(path("write/sub/moved").c_str(), path("write/linked").c_str()) == 0 &&
                     ::rename(path("write/sub/moved").c_str(), path("read/moved").c_str()) < 0;
            }),
            0);
}

TEST_F(LandlockTest, NeedsNoGrantForMemoryFilesAndPipes) {
  const os::Fd file(::memfd_create("test", MFD_CLOEXEC));
  Landlock rules;
  EXPECT_NO_THROW(rules.grant(file.get(), Landlock::Access::kRead, "a memory file"));
  EXPECT_EQ(confined([&] { return opens("/proc/self/fd/" + std::to_string(file.get()), O_RDWR); }), 0);
}

TEST_F(LandlockTest, KeepsSignalsFromProcessesOutside) {
  if (Landlock::abi() < 6) GTEST_SKIP() << "this kernel's Landlock does not scope signals";
  const pid_t outside = ::fork();
  if (outside == 0) {
    while (true) ::pause();
  }
  EXPECT_EQ(confined([&] { return ::kill(outside, SIGKILL) < 0 && errno == EPERM; }), 0);
  ::kill(outside, SIGKILL);
  ::waitpid(outside, nullptr, 0);
}

}  // namespace
}  // namespace cooper::sandbox
