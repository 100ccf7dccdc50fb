#include "os/file_lock.h"

#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"
#include "os/file_time.h"

namespace cooper::os {
namespace {

class OsFileLock : public ::testing::Test {
 protected:
  TempDir directory_{std::filesystem::temp_directory_path().string(), "os-lock-"};
  std::string path_ = directory_.path() + "/lock";
};

TEST_F(OsFileLock, ExcludesOthers) {
  const FileLock held = FileLock::acquire(path_, LockMode::kExclusive);
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::kShared).has_value());
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::kExclusive).has_value());
}

TEST_F(OsFileLock, SharesAmongReaders) {
  const FileLock held = FileLock::acquire(path_, LockMode::kShared);
  EXPECT_TRUE(FileLock::try_acquire(path_, LockMode::kShared).has_value());
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::kExclusive).has_value());
}

TEST_F(OsFileLock, WaitsForTheHolder) {
  auto held = std::make_unique<FileLock>(FileLock::acquire(path_, LockMode::kExclusive));
  std::atomic<bool> released = false;
  std::atomic<bool> released_first = false;
  std::jthread waiter([&] {
    const FileLock lock = FileLock::acquire(path_, LockMode::kExclusive);
    released_first = released.load();
  });
  released = true;
  held.reset();
  waiter.join();
  EXPECT_TRUE(released_first);
}

TEST_F(OsFileLock, AWaitEndsWithTheHold) {
  auto held = std::make_unique<FileLock>(FileLock::acquire(path_, LockMode::kExclusive));
  std::atomic<bool> released = false;
  std::atomic<bool> released_first = false;
  std::jthread waiter([&](const std::stop_token& stop) {
    const FileLock lock = FileLock::acquire(path_, LockMode::kShared, stop);
    released_first = released.load();
  });
  released = true;
  held.reset();
  waiter.join();
  EXPECT_TRUE(released_first);
}

TEST_F(OsFileLock, AWaitEndsWithAStopRequest) {
  const FileLock held = FileLock::acquire(path_, LockMode::kExclusive);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  try {
    FileLock::acquire(path_, LockMode::kExclusive, stop.get_token());
    FAIL() << "got a lock that is held";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
  }
}

TEST_F(OsFileLock, IsReleasedWhenItsHolderDies) {
  auto [reader, writer] = make_pipe();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const FileLock lock = FileLock::acquire(path_, LockMode::kExclusive);
    FdSink(writer.get(), "pipe").write(std::as_bytes(std::span("x", 1)));
    ::pause();
    ::_exit(1);
  }
  std::array<std::byte, 1> byte{};
  ASSERT_EQ(FdSource(reader.get(), "pipe").read(byte), 1u);
  EXPECT_FALSE(FileLock::try_acquire(path_, LockMode::kExclusive).has_value());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::try_acquire(path_, LockMode::kExclusive).has_value());
}

TEST_F(OsFileLock, ARemovedFileGuardsNothing) {
  auto held = std::make_unique<FileLock>(FileLock::acquire(path_, LockMode::kExclusive));
  std::jthread waiter([&] {
    const FileLock lock = FileLock::acquire(path_, LockMode::kExclusive);
    EXPECT_TRUE(FileLock::is_held(path_)) << "it has the lock of the file that is there";
  });
  std::jthread stoppable([&] {
    const FileLock lock = FileLock::acquire(path_, LockMode::kExclusive, std::stop_token());
    EXPECT_TRUE(FileLock::is_held(path_));
  });
  std::filesystem::remove(path_);
  held.reset();
}

TEST_F(OsFileLock, TellsWhetherItIsHeld) {
  EXPECT_FALSE(FileLock::is_held(path_));
  EXPECT_FALSE(std::filesystem::exists(path_)) << "asking makes no file";
  {
    const FileLock held = FileLock::acquire(path_, LockMode::kExclusive);
    EXPECT_TRUE(FileLock::is_held(path_));
  }
  EXPECT_FALSE(FileLock::is_held(path_));
  EXPECT_FALSE(FileLock::is_held(path_)) << "asking holds nothing";
}

TEST_F(OsFileLock, TellsWhenItWasTouched) {
  const FileLock held = FileLock::acquire(path_, LockMode::kExclusive);
  ASSERT_TRUE(set_modified_time(path_, 1'000'000'000));
  held.touch();
  EXPECT_GE(modified_time(path_), file_system_now() - 60'000'000'000);
}

}  // namespace
}  // namespace cooper::os
