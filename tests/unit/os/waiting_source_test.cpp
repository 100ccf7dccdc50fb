#include "os/waiting_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "os/beneath.h"
#include "support/error_of.h"

namespace cooper::os {
namespace {

using support::error_of;

TEST(OsWaitingSource, ReadsWhatAPipeGivesWhenItDoes) {
  auto [reader, writer] = make_pipe();
  std::jthread late([fd = std::move(writer)] {
    FdSink sink(fd.get(), "pipe");
    for (const char* part : {"one ", "two ", "three"}) {
      std::string_view text(part);
      sink.write(std::as_bytes(std::span(text)));
    }
  });
  WaitingSource source(reader.get(), "pipe", {});
  EXPECT_EQ(base::read_all(source, 100, "pipe"), "one two three");
}

TEST(OsWaitingSource, ReadsFilesAndEmptyOnes) {
  TempDir directory(::testing::TempDir(), "waiting-");
  for (const std::string& content : {std::string(), std::string(200'000, 'x')}) {
    write_file_atomically(directory.path() + "/file", content);
    Fd file = open_file(directory.path() + "/file", O_RDONLY);
    WaitingSource source(file.get(), "file", {});
    EXPECT_EQ(base::read_all(source, 1 << 20, "file"), content);
  }
}

TEST(OsWaitingSource, AStopRequestEndsTheWait) {
  auto [reader, writer] = make_pipe();
  std::stop_source stop;
  WaitingSource source(reader.get(), "pipe", stop.get_token());
  std::jthread later([&] { stop.request_stop(); });
  std::byte byte{};
  base::Error error = error_of([&] { source.read({&byte, 1}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
}

TEST(OsWaitingSource, ANamedPipeIsWaitedForUntilSomeoneWrites) {
  TempDir directory(::testing::TempDir(), "waiting-");
  std::string path = directory.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  Fd reader = open_file(path, O_RDONLY | O_NONBLOCK);
  std::jthread late([path] {
    Fd writer = open_file(path, O_WRONLY);
    std::string_view text("here");
    FdSink(writer.get(), "fifo").write(std::as_bytes(std::span(text)));
  });
  WaitingSource source(reader.get(), "fifo", {});
  EXPECT_EQ(base::read_all(source, 100, "fifo"), "here");
}

}  // namespace
}  // namespace cooper::os
