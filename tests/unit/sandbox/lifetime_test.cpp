// How steps end: by themselves, by request, by time, with their builder. Whatever the way, nothing of them
// stays.
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <latch>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <thread>

#include "os/pidfd.h"
#include "step_fixture.h"

namespace cooper::sandbox::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// Processes with `marker` in their command line, as seen from here.
std::vector<pid_t> processes_with(const std::string& marker) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline");
    const std::string command((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (command.find(marker) != std::string::npos) found.push_back(std::stoi(name));
  }
  return found;
}

bool ends_within(const os::Fd& pidfd, milliseconds limit) {
  pollfd wait{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  return ::poll(&wait, 1, static_cast<int>(limit.count())) == 1;
}

class SandboxLifetime : public StepTest {
 protected:
  // A number of seconds that no other process sleeps for.
  std::string marker_ =
      "98765." + std::to_string(::getpid()) + std::to_string(steady_clock::now().time_since_epoch().count());

  // Starts the step, requests a stop once it has printed something, and returns how long the end took.
  steady_clock::duration cancel_after_output(const Spec& step) const {
    std::stop_source stop;
    steady_clock::time_point asked;
    EXPECT_THROW(Machine::get().launcher().run(
                     step,
                     [&](int, base::ByteSpan) {
                       asked = steady_clock::now();
                       stop.request_stop();
                     },
                     stop.get_token()),
                 base::Error);
    return steady_clock::now() - asked;
  }
};

TEST_F(SandboxLifetime, DaemonsEndWithTheProgram) {
  EXPECT_EQ(run_shell("setsid sleep " + marker_ + " >/dev/null 2>&1 & echo done").output, "done\n");
  EXPECT_TRUE(processes_with(marker_).empty());
}

TEST_F(SandboxLifetime, OrphansAreReapedAndTheProgramsCodeCounts) {
  EXPECT_EQ(run_shell("(sleep 0.01 & exit 3); (exit 9) & sleep 0.05; exit 7").status.code, 7);
}

TEST_F(SandboxLifetime, CancelEndsTheWholeTree) {
  const auto took =
      cancel_after_output(shell("setsid sleep " + marker_ + " & sleep " + marker_ + " & echo ready; wait"));
  EXPECT_TRUE(processes_with(marker_).empty());
  EXPECT_LT(took, seconds(2)) << "TERM was enough";
}

TEST_F(SandboxLifetime, CancelKillsWhatIgnoresTerm) {
  cancel_after_output(shell("trap '' TERM; (trap '' TERM; setsid sleep " + marker_ +
                            ") & echo ready; while true; do sleep 0.1; done"));
  EXPECT_TRUE(processes_with(marker_).empty());
}

TEST_F(SandboxLifetime, CancelStopsAnEndlessWriter) {
  cancel_after_output(shell("while true; do echo " + marker_ + "; done"));
  EXPECT_TRUE(processes_with(marker_).empty());
}

TEST_F(SandboxLifetime, AStopBeforehandStartsNothing) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(run(shell("touch /ran"), stop.get_token()), base::Error);
  EXPECT_TRUE(changes().empty());
}

TEST_F(SandboxLifetime, TimeoutsAreReported) {
  Spec step = shell("sleep " + marker_);
  step.timeout_ms = 100;
  const ExitStatus status = run(step).status;
  EXPECT_TRUE(status.timed_out);
  EXPECT_EQ(status.signal, SIGTERM);
  EXPECT_TRUE(processes_with(marker_).empty());
}

TEST_F(SandboxLifetime, AThrowingReaderEndsTheStep) {
  struct Broken {};
  EXPECT_THROW(Machine::get().launcher().run(shell("echo x; sleep " + marker_),
                                             [](int, base::ByteSpan) { throw Broken{}; }, {}),
               Broken);
  EXPECT_TRUE(processes_with(marker_).empty());
}

TEST_F(SandboxLifetime, AnInitKilledFromOutsideIsAnError) {
  std::jthread killer;
  // The shell stays what it is: a process that becomes another one has no arguments for a moment.
  const Spec step = shell("echo ready; sleep " + marker_ + "; exit 3");
  EXPECT_THROW(
      Machine::get().launcher().run(step,
                                    [&](int, base::ByteSpan) {
                                      for (const pid_t pid : processes_with(marker_)) {
                                        // The parent of the step's first process is its init.
                                        std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
                                        std::string field;
                                        for (int index = 0; index < 4; ++index) file >> field;
                                        const pid_t parent = std::stoi(field);
                                        std::ifstream name("/proc/" + std::to_string(parent) + "/comm");
                                        name >> field;
                                        if (field == "cooper-init") ::kill(parent, SIGKILL);
                                      }
                                    },
                                    {}),
      base::Error);
  EXPECT_TRUE(processes_with(marker_).empty());
}

// A builder of its own, killed without any chance to clean up.
TEST_F(SandboxLifetime, AKilledBuilderLeavesNothing) {
  auto [reader, writer] = os::make_pipe();
  const pid_t builder = ::fork();
  ASSERT_GE(builder, 0);
  if (builder == 0) {
    const auto launcher = Launcher::start(Machine::get().tier());
    launcher->run(
        shell("setsid sleep " + marker_ + " & echo ready; sleep " + marker_),
        [&writer = writer](int, base::ByteSpan bytes) { os::FdSink(writer.get(), "pipe").write(bytes); }, {});
    ::_exit(0);
  }
  writer.reset();
  std::array<std::byte, 16> ready{};
  ASSERT_GT(os::FdSource(reader.get(), "pipe").read(ready), 0u);
  std::vector<os::Fd> processes;
  for (const pid_t pid : processes_with(marker_)) processes.push_back(os::open_pidfd(pid));
  EXPECT_GE(processes.size(), 2u);
  ::kill(builder, SIGKILL);
  ::waitpid(builder, nullptr, 0);
  for (const auto& process : processes) EXPECT_TRUE(ends_within(process, seconds(20)));
  EXPECT_TRUE(processes_with(marker_).empty());
  const std::string mounts = os::read_file("/proc/self/mountinfo");
  EXPECT_EQ(mounts.find(directory_->path()), std::string::npos);
  EXPECT_EQ(mounts.find("userxattr"), std::string::npos);
}

TEST_F(SandboxLifetime, ALauncherEndsItsStepsWhenItIsDestroyed) {
  auto [reader, writer] = os::make_pipe();
  const pid_t builder = ::fork();
  ASSERT_GE(builder, 0);
  if (builder == 0) {
    { const auto launcher = Launcher::start(Machine::get().tier()); }
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(builder, &status, 0), builder);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace cooper::sandbox::test
