#include "os/process.h"

#include <chrono>
#include <gtest/gtest.h>
#include <signal.h>
#include <thread>

#include "base/error.h"

namespace cooper::os {
namespace {

ProcessOptions shell(const std::string& script) {
  return {.argv = {"sh", "-c", script}, .env = {}, .cwd = "", .input = ""};
}

TEST(OsProcess, CapturesOutputAndCode) {
  const ProcessResult result = run_process(shell("echo out; echo err >&2; exit 3"), {});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.errors, "err\n");
  EXPECT_FALSE(result.timed_out);
}

TEST(OsProcess, FeedsLargeInputThroughAPipe) {
  ProcessOptions options = shell("cat");
  options.input = std::string(600000, 'x');
  EXPECT_EQ(run_process(options, {}).output, options.input);
}

TEST(OsProcess, SurvivesAProgramThatDoesNotReadItsInput) {
  ProcessOptions options = shell("exit 5");
  options.input = std::string(600000, 'x');
  EXPECT_EQ(run_process(options, {}).exit_code, 5);
}

TEST(OsProcess, SetsEnvironmentAndDirectory) {
  ProcessOptions options = shell("echo $FOO; pwd; env | wc -l");
  options.env = {"FOO=bar", "PATH=/usr/bin:/bin"};
  options.cwd = "/";
  const ProcessResult result = run_process(options, {});
  EXPECT_EQ(result.output.substr(0, 6), "bar\n/\n");
}

TEST(OsProcess, NamesAMissingProgram) {
  try {
    run_process({.argv = {"no-such-program"}, .env = {}, .cwd = "", .input = ""}, {});
    FAIL();
  } catch (const base::Error& error) {
    // EACCES where PATH names a directory that this user may not search.
    EXPECT_TRUE(error.errno_value() == ENOENT || error.errno_value() == EACCES) << error.summary();
    EXPECT_NE(error.summary().find("no-such-program"), std::string::npos);
  }
}

TEST(OsProcess, KillsTheGroupAfterTheTimeout) {
  ProcessOptions options = shell("sleep 1000 & sleep 1000");
  options.timeout = std::chrono::milliseconds(50);
  const ProcessResult result = run_process(options, {});
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_EQ(result.exit_code, 137);
}

TEST(OsProcess, DoesNotWaitForADaemonThatKeepsThePipes) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(run_process(shell("sleep 1000 & echo started"), {}).output, "started\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(500));
}

TEST(OsProcess, RefusesMoreOutputThanTheLimit) {
  ProcessOptions options = shell("while true; do echo xxxxxxxxxxxxxxxx; done");
  options.output_limit = 1000;
  EXPECT_THROW(run_process(options, {}), base::Error);
}

TEST(OsProcess, EndsWhenAskedTo) {
  std::stop_source stop;
  std::jthread asker([&] { stop.request_stop(); });
  try {
    run_process(shell("sleep 1000"), stop.get_token());
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kCancelled);
  }
}

}  // namespace
}  // namespace cooper::os
