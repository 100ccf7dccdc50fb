#include "sandbox/emulated_launcher.h"

#include <array>
#include <chrono>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "emulated_fixture.h"
#include "os/pidfd.h"
#include "sandbox/process_tree.h"

namespace cooper::sandbox::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  for (const char character : text) {
    if (character != '\n') {
      line += character;
      continue;
    }
    lines.push_back(std::exchange(line, {}));
  }
  return lines;
}

bool has(const std::vector<std::string>& lines, const std::string& wanted) {
  return std::find(lines.begin(), lines.end(), wanted) != lines.end();
}

// "" for the file of a process that is gone.
std::string text_of(const std::string& file) {
  try {
    return os::read_file(file);
  } catch (const base::Error&) {
    return "";
  }
}

class EmulatedLauncherTest : public EmulatedTest {
 protected:
  // A number of seconds that no other process sleeps for.
  std::string marker_ = "87654." + std::to_string(::getpid()) +
                        std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());

  std::vector<pid_t> sleepers() const {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      if (text_of(entry.path() / "cmdline").find(marker_) != std::string::npos)
        found.push_back(std::stoi(name));
    }
    return found;
  }

  // Goes on once the daemon runs.
  std::string daemon() const {
    return "rm -f /tmp/up; (setsid sh -c 'touch /tmp/up; sleep " + marker_ +
           "' >/dev/null 2>&1 &); until [ -e /tmp/up ]; do :; done; ";
  }
};

TEST_F(EmulatedLauncherTest, GivesTheStubWhatTheContractSays) {
  os::make_directories(path("shared"));
  Spec step = spec({"/show", "one"});
  step.uid = 1000;
  step.gid = 100;
  step.groups = {20, 30};
  step.network = Network::kNone;
  step.ulimits = {"nofile=100:200"};
  step.env = {"A=b"};
  step.mounts = {BindMount{.source = path("shared"), .target = "/in", .read_only = false},
                 FileMount{.target = "/run/secrets/token", .content = "s"}};
  const auto lines = lines_of(run(step).output);
  for (const std::string wanted :
       {"argument /show", "argument one", "variable A=b", "user 1000 100 of 0 0", "group 20", "group 30",
        "network none", "changes yes", "bind /run/secrets/token rf- file", "bind /in wd- directory",
        "bind /etc/resolv.conf rf- file", "bind /proc wdm directory", "bind /sys rd- directory",
        "bind /dev wd- directory", "bind /dev/null wf- device", "files 1024 1024"}) {
    EXPECT_TRUE(has(lines, wanted)) << wanted;
  }
  EXPECT_TRUE(has(lines, "root " + path("root")));
  for (const auto& line : lines) {
    EXPECT_EQ(line.find("stray"), std::string::npos) << line;
    EXPECT_EQ(line.find("missing"), std::string::npos) << line;
    EXPECT_TRUE(line.rfind("variable ", 0) != 0 || line == "variable A=b") << line;
  }
}

TEST_F(EmulatedLauncherTest, RunsProgramsOfPathInTheirDirectory) {
  Spec step = shell("pwd; echo error >&2; exit 42");
  step.cwd = "/work";
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.status.code, 42);
  EXPECT_EQ(outcome.output, "/work\n");
  EXPECT_EQ(outcome.errors, "error\n");
}

TEST_F(EmulatedLauncherTest, EndsLikeAShellWhenTheProgramCannotBeRun) {
  const Outcome missing = run(spec({"no-such-program"}));
  EXPECT_EQ(missing.status.code, 127);
  EXPECT_EQ(missing.errors, "cannot run 'no-such-program': not found\n");
  os::write_file_atomically(path("root/bin/locked"), "x", 0644);
  EXPECT_EQ(run(spec({"locked"})).status.code, 126);
  EXPECT_EQ(run(spec({"/no-such-program"})).status.code, 127);
}

TEST_F(EmulatedLauncherTest, RefusesWhatItCannotGive) {
  Spec step = shell("true");
  step.insecure = true;
  try {
    run(step);
    FAIL() << "an insecure step needs privileges";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
    EXPECT_FALSE(error.hint().empty());
  }
  step.insecure = false;
  step.root = OverlayRoot{};
  EXPECT_THROW(run(step), base::Error);
  step = shell("true");
  step.cwd = "/bin/busybox";
  EXPECT_THROW(run(step), base::Error);
}

TEST_F(EmulatedLauncherTest, DaemonsEndWithTheProgram) {
  EXPECT_EQ(run(shell(daemon() + "echo done")).output, "done\n");
  EXPECT_TRUE(sleepers().empty());
}

TEST_F(EmulatedLauncherTest, CancelEndsWhatIgnoresTerm) {
  std::stop_source stop;
  EXPECT_THROW(launcher_->run(
                   shell("trap '' TERM; " + daemon() + "echo ready; while true; do sleep 0.1; done"),
                   [&](int, base::ByteSpan) { stop.request_stop(); }, stop.get_token()),
               base::Error);
  EXPECT_TRUE(sleepers().empty());
}

TEST_F(EmulatedLauncherTest, TimeoutsAreReported) {
  Spec step = shell("sleep " + marker_);
  step.timeout_ms = 100;
  const ExitStatus status = run(step).status;
  EXPECT_TRUE(status.timed_out);
  EXPECT_EQ(status.signal, SIGTERM);
  EXPECT_TRUE(sleepers().empty());
}

TEST_F(EmulatedLauncherTest, AThrowingReaderEndsTheStep) {
  struct Broken {};
  EXPECT_THROW(launcher_->run(shell(daemon() + "echo x; sleep " + marker_),
                              [](int, base::ByteSpan) { throw Broken{}; }, {}),
               Broken);
  EXPECT_TRUE(sleepers().empty());
}

// 0 for a process that is gone.
pid_t parent_of(pid_t pid) {
  return parse_process_status(text_of("/proc/" + std::to_string(pid) + "/stat")).parent;
}

// Sends the signal to the nearest process above a sleeper that has this name. False where there is none.
bool signal_above(const std::vector<pid_t>& sleepers, const std::string& name, int signal) {
  for (const pid_t pid : sleepers) {
    for (pid_t parent = parent_of(pid); parent > 1; parent = parent_of(parent)) {
      if (text_of("/proc/" + std::to_string(parent) + "/comm") != name + "\n") continue;
      return ::kill(parent, signal) == 0;
    }
  }
  return false;
}

TEST_F(EmulatedLauncherTest, WhatAKilledHelperLeavesIsEnded) {
  for (const char* name : {"cooper-init", "cooper-launcher"}) {
    bool killed = false;
    empty_scratch();
    EXPECT_THROW(
        launcher_->run(
            shell(daemon() + "echo ready; sleep " + marker_),
            [&](int, base::ByteSpan) { killed = killed || signal_above(sleepers(), name, SIGKILL); }, {}),
        base::Error);
    EXPECT_TRUE(killed) << name;
    EXPECT_TRUE(sleepers().empty()) << name;
  }
}

TEST_F(EmulatedLauncherTest, AnInitThatItsStepStoppedIsNotWaitedFor) {
  std::stop_source stop;
  EXPECT_THROW(launcher_->run(
                   shell(daemon() + "echo ready; sleep " + marker_),
                   [&](int, base::ByteSpan) {
                     EXPECT_TRUE(signal_above(sleepers(), "cooper-init", SIGSTOP));
                     stop.request_stop();
                   },
                   stop.get_token()),
               base::Error);
  EXPECT_TRUE(sleepers().empty());
}

// A builder of its own, killed without any chance to clean up.
TEST_F(EmulatedLauncherTest, AKilledBuilderLeavesNothing) {
  auto [reader, writer] = os::make_pipe();
  const pid_t builder = ::fork();
  ASSERT_GE(builder, 0);
  if (builder == 0) {
    const auto launcher = Launcher::start(Tier::kEmulatedRoot, os::open_file(COOPER_STAND_IN_STUB, O_PATH));
    launcher->run(
        shell(daemon() + "echo ready; sleep " + marker_),
        [&writer = writer](int, base::ByteSpan bytes) { os::FdSink(writer.get(), "pipe").write(bytes); }, {});
    ::_exit(0);
  }
  writer.reset();
  std::array<std::byte, 16> ready{};
  ASSERT_GT(os::FdSource(reader.get(), "pipe").read(ready), 0U);
  std::vector<os::Fd> processes;
  for (const pid_t pid : sleepers()) processes.push_back(os::open_pidfd(pid));
  EXPECT_GE(processes.size(), 1U);
  ::kill(builder, SIGKILL);
  ::waitpid(builder, nullptr, 0);
  for (const auto& process : processes) {
    pollfd end{.fd = process.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&end, 1, 20000), 1);
  }
  EXPECT_TRUE(sleepers().empty());
}

TEST_F(EmulatedLauncherTest, ProtectsTheBuildersMemory) {
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
  EXPECT_THROW(Launcher::start(Tier::kEmulated), base::Error) << "without a stub";
}

}  // namespace
}  // namespace cooper::sandbox::test
