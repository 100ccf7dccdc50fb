// Steps without mounts through cooper's own stub: what launcher, init, board and stub are together. What the
// stub alone does is for its own tests.
#include <chrono>
#include <sstream>
#include <sys/wait.h>

#include "emulated_fixture.h"
#include "sandbox/board.h"
#include "sandbox/credentials.h"
#include "sandbox/landlock.h"
#include "sandbox/stub_image.h"

namespace cooper::sandbox::test {
namespace {

// As whoever runs the tests; `Real` where that is root and owners are real.
class StubStepsTest : public ::testing::TestWithParam<Tier> {
 protected:
  void SetUp() override {
    if (!fs::exists(kBusybox)) GTEST_SKIP() << "no /bin/busybox (package busybox-static)";
    try {
      probe_named(std::string(tier_name(GetParam())), path("probe"));
    } catch (const base::Error& error) {
      GTEST_SKIP() << error.summary();
    }
    for (const char* name : {"root/bin", "root/tmp", "root/etc", "root/run/secrets", "root/var", "scratch"})
      os::make_directories(path(name));
    fs::copy_file(kBusybox, path("root/bin/busybox"));
    for (const char* applet :
         {"sh",    "cat",   "id",   "echo", "ls",   "stat", "sleep", "setsid", "pwd", "touch",
          "chown", "mkdir", "head", "wc",   "kill", "tail", "grep",  "env",    "mv",  "readlink"}) {
      fs::create_symlink("busybox", path("root/bin/") + applet);
    }
    for (const char* name :
         {"proc", "sys", "dev", "etc/resolv.conf", "etc/hosts", "run/secrets/token", "cache"})
      fs::create_symlink(fs::path(name).filename(), path("root/") + name);
    fs::create_symlink("../run", path("root/var/run"));
    changes_ = os::open_file(path("changes"), O_RDWR | O_APPEND | O_CREAT);
    board_ = std::make_unique<Board>(
        GetParam() == Tier::kEmulatedRoot ? stub::Owners::kReal : stub::Owners::kTable, 1000);
    launcher_ = Launcher::start(GetParam(), open_stub(directory_.path()));
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  Spec shell(const std::string& script) const {
    Spec result;
    result.root = FarmRoot{.directory = path("root"),
                           .scratch = path("scratch"),
                           .places = {{.target = "/var/run/secrets/token", .path = "/run/secrets/token"}},
                           .board = board_->fd(),
                           .changes = changes_.get()};
    result.argv = {"sh", "-c", script};
    result.env = {"PATH=/bin:/usr/bin", "HOME=/root"};
    return result;
  }

  // The scratch directory must be empty for each step, as the builder's is.
  Outcome run(const Spec& step) const {
    os::remove_tree(path("scratch"));
    os::make_directories(path("scratch"));
    Outcome outcome;
    outcome.status = launcher_->run(step,
                                    [&](int stream, base::ByteSpan bytes) {
                                      auto& text = stream == 1 ? outcome.output : outcome.errors;
                                      text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                                    },
                                    {});
    return outcome;
  }

  os::TempDir directory_{fs::temp_directory_path().string(), "cooper-stub-"};
  os::Fd changes_;
  std::unique_ptr<Board> board_;
  std::unique_ptr<Launcher> launcher_;
};

TEST_P(StubStepsTest, StepsAreRootInTheirDirectory) {
  const Outcome outcome =
      run(shell("id -u; pwd; ls /; touch /tmp/new; chown 12:34 /tmp/new; stat -c %u:%g /tmp/new"));
  EXPECT_EQ(outcome.status.code, 0);
  EXPECT_EQ(outcome.output, "0\n/\nbin\ncache\ndev\netc\nproc\nrun\nsys\ntmp\nvar\n12:34\n")
      << outcome.errors;
  const auto changes = read_changes(changes_);
  EXPECT_TRUE(std::any_of(changes.begin(), changes.end(),
                          [](const Change& change) { return change.path == "tmp/new"; }));
}

TEST_P(StubStepsTest, UsersAreWhomTheSpecNames) {
  Spec step = shell("id -u; id -g; id -G; touch /tmp/mine; stat -c %u:%g /tmp/mine; echo again >/dev/stdout");
  fs::permissions(path("root/tmp"), fs::perms::all);
  InodeAttributes open;
  open.mode = S_IFDIR | 01777;
  struct stat status {};
  ASSERT_EQ(::stat(path("root/tmp").c_str(), &status), 0);
  board_->set(status.st_dev, status.st_ino, open);
  step.uid = 1000;
  step.gid = 100;
  step.groups = {20, 30};
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.output, "1000\n100\n100 20 30\n1000:100\nagain\n") << outcome.errors;
}

TEST_P(StubStepsTest, SystemFilesAreThere) {
  const Outcome outcome =
      run(shell("cat /proc/self/comm; echo x >/dev/null; cat </dev/null; head -c 3 /dev/zero | wc -c; ls -d "
                "/sys/kernel; "
                "echo x >/dev/shm/y && cat /dev/shm/y; cat /etc/hosts | head -n 1; readlink /dev/fd; "
                "echo x >/sys/kernel/x || echo refused"));
  EXPECT_EQ(outcome.output,
            "cat\n3\n/sys/kernel\nx\n127.0.0.1\tlocalhost buildkitsandbox\n/proc/self/fd\nrefused\n")
      << outcome.errors;
}

TEST_P(StubStepsTest, MountsAreShown) {
  os::make_directories(path("store/sub"));
  Spec step = shell(
      "cat /run/secrets/token; cat /var/run/secrets/token; cd /run/secrets && cat token; "
      "echo x >/run/secrets/token || echo kept; cd /cache && touch sub/new && ls sub; echo $?");
  step.mounts = {FileMount{.target = "/var/run/secrets/token", .content = "secret\n", .mode = 0400},
                 BindMount{.source = path("store"), .target = "/cache", .read_only = false}};
  EXPECT_EQ(run(step).output, "secret\nsecret\nsecret\nkept\nnew\n0\n");
  EXPECT_TRUE(fs::exists(path("store/sub/new")));
}

TEST_P(StubStepsTest, SecretsBelongToTheirUser) {
  Spec step = shell("stat -c '%u:%g %a %h' /run/secrets/token; cat /run/secrets/token");
  step.mounts = {FileMount{
      .target = "/run/secrets/token", .content = "secret\n", .mode = 0400, .uid = 1000, .gid = 100}};
  step.uid = 1000;
  step.gid = 100;
  EXPECT_EQ(run(step).output, "1000:100 400 1\nsecret\n");
  step.uid = 1001;
  EXPECT_EQ(run(step).output, "1000:100 400 1\n");
}

// The builder has the step's own uid, or is root like it: its memory and environment hold credentials.
TEST_P(StubStepsTest, TheBuilderCannotBeLookedInto) {
  const std::string builder = "/proc/" + std::to_string(::getpid());
  const Outcome outcome =
      run(shell("for file in environ mem maps fd/0 cwd/x root/x; do head -c 1 " + builder +
                "/$file >/dev/null && echo $file; done; kill -0 " + std::to_string(::getpid()) +
                " && echo signal; head -c 1 /proc/$PPID/environ && echo init"));
  // Signals: what Landlock knows from its ABI 6 on.
  EXPECT_EQ(outcome.output, Landlock::abi() >= 6 ? "" : "signal\n") << outcome.errors;
}

TEST_P(StubStepsTest, NothingIsLeftOfOtherPrivileges) {
  const Outcome outcome =
      run(shell("grep -E '^(CapEff|CapPrm|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status"));
  std::istringstream words(outcome.output);
  std::string name;
  std::uint64_t value = 0;
  int seen = 0;
  while (words >> name >> std::hex >> value) {
    ++seen;
    if (name.rfind("Cap", 0) == 0) {
      EXPECT_EQ(value & ~default_capabilities(), 0U) << name;
    } else {
      EXPECT_EQ(value, name == "Seccomp:" ? 2U : 1U) << name;
    }
  }
  EXPECT_EQ(seen, 5) << outcome.output;
}

TEST_P(StubStepsTest, RootCannotUseTheMachinesSwitches) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has them";
  if (!Landlock::usable()) GTEST_SKIP() << "this kernel has no Landlock of ABI 2 or newer";
  EXPECT_EQ(run(shell("echo 0 >/proc/sys/vm/drop_caches || echo refused")).output, "refused\n");
}

TEST_P(StubStepsTest, ProgramsOfMountsAndMissingOnes) {
  Spec step = shell("");
  step.argv = {"/cache/tool", "id", "-u"};
  step.mounts = {BindMount{.source = path("store"), .target = "/cache", .read_only = true}};
  os::make_directories(path("store"));
  fs::copy_file(kBusybox, path("store/busybox"));
  step.argv = {"/cache/busybox", "id", "-u"};
  EXPECT_EQ(run(step).output, "0\n");
  step.argv = {"/cache/missing"};
  const Outcome missing = run(step);
  EXPECT_EQ(missing.status.code, 127);
  EXPECT_NE(missing.errors.find("cannot run '/cache/missing'"), std::string::npos) << missing.errors;
}

TEST_P(StubStepsTest, TheMachinesOtherFilesAreOutOfReach) {
  if (!Landlock::usable()) GTEST_SKIP() << "this kernel has no Landlock of ABI 2 or newer";
  os::write_file_atomically(path("outside"), "secret");
  // By the kernel's own paths, as a program that knows of the stub could.
  const std::string out = "/proc/self/fd/" + std::to_string(stub::kRootFd) + "/..";
  EXPECT_EQ(run(shell("cat " + out + "/outside; echo " + out)).output, out + "\n");
}

TEST_P(StubStepsTest, SignalsReachTheStepOnly) {
  // The init is the parent of the step's first process.
  EXPECT_EQ(run(shell("kill -9 $PPID || echo kept; kill -9 -1; echo there")).output.substr(0, 5), "kept\n");
  EXPECT_EQ(run(shell("echo alive")).output, "alive\n");
}

TEST_P(StubStepsTest, StartsQuickly) {
  Spec step = shell("");
  step.argv = {"/bin/busybox", "true"};
  run(step);
  const auto start = std::chrono::steady_clock::now();
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) EXPECT_EQ(run(step).status.code, 0);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", std::to_string(took.count() / kRounds));
  std::printf("%.2f ms a step\n", took.count() / kRounds);
}

INSTANTIATE_TEST_SUITE_P(Tiers, StubStepsTest, ::testing::Values(Tier::kEmulatedRoot, Tier::kEmulated),
                         [](const auto& tier) {
                           return tier.param == Tier::kEmulatedRoot ? "EmulatedRoot" : "Emulated";
                         });

}  // namespace
}  // namespace cooper::sandbox::test
