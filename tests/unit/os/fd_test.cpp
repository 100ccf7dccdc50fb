#include "os/fd.h"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/beneath.h"

namespace cooper::os {
namespace {

class OsFd : public ::testing::Test {
 protected:
  TempDir directory_{std::filesystem::temp_directory_path().string(), "os-fd-"};
  std::string path_ = directory_.path() + "/file";
};

TEST_F(OsFd, ClosesInDestructor) {
  int number = -1;
  {
    const Fd fd = open_file("/dev/null", O_RDONLY);
    number = fd.get();
    EXPECT_GE(::fcntl(number, F_GETFD), 0);
  }
  EXPECT_LT(::fcntl(number, F_GETFD), 0);
}

TEST_F(OsFd, MovesOwnership) {
  Fd first = open_file("/dev/null", O_RDONLY);
  const int number = first.get();
  Fd second = std::move(first);
  EXPECT_EQ(second.get(), number);
  Fd third = open_file("/dev/null", O_RDONLY);
  third = std::move(second);
  EXPECT_EQ(third.get(), number);
  EXPECT_EQ(third.release(), number);
  EXPECT_FALSE(third.valid());
  ::close(number);
}

TEST_F(OsFd, OpensCloseOnExec) {
  const Fd file = open_file("/dev/null", O_RDONLY);
  EXPECT_NE(::fcntl(file.get(), F_GETFD) & FD_CLOEXEC, 0);
  const auto [reader, writer] = make_pipe();
  EXPECT_NE(::fcntl(reader.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(writer.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(OsFd, NamesTheMissingFile) {
  try {
    open_file(path_, O_RDONLY);
    FAIL() << "opened a missing file";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kIo);
    EXPECT_EQ(error.errno_value(), ENOENT);
    EXPECT_NE(error.summary().find(path_), std::string::npos);
  }
}

TEST_F(OsFd, StreamsThroughAPipe) {
  auto [reader, writer] = make_pipe();
  FdSink(writer.get(), "pipe").write(std::as_bytes(std::span(std::string_view("hello"))));
  writer.reset();
  FdSource source(reader.get(), "pipe");
  EXPECT_EQ(base::read_all(source, 100, "pipe"), "hello");
}

TEST_F(OsFd, ReadRefusesMoreThanTheLimit) {
  write_file_atomically(path_, "12345");
  EXPECT_EQ(read_file(path_, 5), "12345");
  EXPECT_THROW(read_file(path_, 4), base::Error);
}

TEST_F(OsFd, AtomicWriteReplacesAndSetsTheMode) {
  write_file_atomically(path_, "old");
  const Fd old = open_file(path_, O_RDONLY);
  write_file_atomically(path_, "new", 0640);
  EXPECT_EQ(read_file(path_), "new");
  FdSource source(old.get(), "old");
  EXPECT_EQ(base::read_all(source, 100, "old"), "old") << "a reader of the old file must not see the new one";
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST_F(OsFd, AtomicWriteLeavesNothingBehindWhenItFails) {
  std::filesystem::create_directory(path_);
  write_file_atomically(path_ + "/inner", "x");
  EXPECT_THROW(write_file_atomically(path_, "x"),
               base::Error);  // a directory that is not empty is in the way
  const auto names = std::filesystem::directory_iterator(directory_.path());
  EXPECT_EQ(std::distance(begin(names), end(names)), 1);
}

}  // namespace
}  // namespace cooper::os
