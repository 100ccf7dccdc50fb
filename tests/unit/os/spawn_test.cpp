#include "os/spawn.h"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/fd.h"
#include "support/error_of.h"

namespace cooper::os {
namespace {

SpawnOptions shell(const std::string& script, int output, int null) {
  return {
      .argv = {"sh", "-c", script}, .env = {}, .cwd = "", .input = null, .output = output, .errors = null};
}

TEST(OsSpawn, GivesTheStreamsAndItsOwnSession) {
  const Fd null = open_file("/dev/null", O_RDWR);
  auto [output, output_end] = make_pipe();
  const pid_t pid = spawn(shell("echo $$; exec sleep 1000", output_end.get(), null.get()));
  std::array<char, 64> buffer{};
  ASSERT_GT(::read(output.get(), buffer.data(), buffer.size()), 0);
  EXPECT_EQ(std::stoi(buffer.data()), pid);
  EXPECT_EQ(::getsid(pid), pid);
  const int status = kill_and_reap(pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(::kill(pid, 0), -1) << "it was reaped";
}

TEST(OsSpawn, EndsTheWholeSession) {
  const Fd null = open_file("/dev/null", O_RDWR);
  auto [output, output_end] = make_pipe();
  const pid_t pid = spawn(shell("sleep 1000 & echo started; wait", output_end.get(), null.get()));
  output_end.reset();
  std::array<char, 64> buffer{};
  ASSERT_GT(::read(output.get(), buffer.data(), buffer.size()), 0);
  kill_and_reap(pid);
  // The end of the stream comes when the grandchild, which holds it too, is gone.
  EXPECT_EQ(::read(output.get(), buffer.data(), buffer.size()), 0);
}

TEST(OsSpawn, NamesAMissingProgram) {
  const Fd null = open_file("/dev/null", O_RDWR);
  SpawnOptions options = shell("", null.get(), null.get());
  options.argv = {"/no/such/program"};
  EXPECT_EQ(support::error_of([&] { spawn(options); }).message(), "cannot run '/no/such/program'");
}

}  // namespace
}  // namespace cooper::os
