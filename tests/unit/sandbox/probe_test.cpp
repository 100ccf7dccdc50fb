#include <fcntl.h>
#include <functional>
#include <sys/file.h>
#include <sys/wait.h>

#include "os/fd.h"
#include "step_fixture.h"

namespace cooper::sandbox::test {
namespace {

class SandboxProbe : public ::testing::Test {
 protected:
  os::TempDir work_{fs::temp_directory_path().string(), "cooper-probe-"};
};

// Runs `action` in a child, for a process cannot leave a namespace; its result is the exit code.
int in_child(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      code = action();
    } catch (const base::Error& error) {
      std::fprintf(stderr, "%s\n", error.render().c_str());
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST_F(SandboxProbe, ExplainsItsResult) {
  const ProbeResult result = probe(work_.path() + "/made");
  EXPECT_FALSE(result.reason.empty());
  ASSERT_FALSE(result.steps.empty());
  for (const auto& step : result.steps) {
    EXPECT_FALSE(step.what.empty());
    EXPECT_EQ(step.ok, step.remedy.empty()) << step.what << ": " << step.detail;
  }
  EXPECT_TRUE(fs::is_empty(work_.path() + "/made")) << "probes clean up";
}

TEST_F(SandboxProbe, UnwritableWorkDirectoriesAllowNothing) {
  const ProbeResult result = probe("/proc/self/cooper");
  EXPECT_EQ(result.tier, Tier::kNone);
  EXPECT_EQ(result.steps.size(), 1u);
  EXPECT_FALSE(result.steps.at(0).remedy.empty());
}

TEST_F(SandboxProbe, RemovesWhatKilledProbesLeft) {
  fs::create_directories(work_.path() + "/probe-dead/work/work");
  fs::permissions(work_.path() + "/probe-dead/work/work", fs::perms::none);
  {
    const os::Fd living = os::open_file(work_.path(), O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(::flock(living.get(), LOCK_SH), 0);
    probe(work_.path());
    EXPECT_TRUE(fs::exists(work_.path() + "/probe-dead")) << "another probe may be at work in it";
  }
  probe(work_.path());
  EXPECT_FALSE(fs::exists(work_.path() + "/probe-dead"));
}

TEST_F(SandboxProbe, NamesAreCheckedOneByOne) {
  EXPECT_THROW(probe_named("docker", work_.path()), base::Error);
  EXPECT_EQ(probe_named("none", work_.path()).tier, Tier::kNone);
  EXPECT_EQ(probe_named("auto", work_.path()).tier, probe(work_.path()).tier);
  for (const Tier tier : {Tier::kPrivileged, Tier::kUserNamespace, Tier::kSingleIdUserNamespace,
                          Tier::kEmulatedRoot, Tier::kEmulated}) {
    try {
      EXPECT_EQ(probe_named(std::string(tier_name(tier)), work_.path()).tier, tier);
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported);
      EXPECT_FALSE(error.hint().empty()) << error.summary();
    }
  }
}

TEST_F(SandboxProbe, UnknownNamesGetAListOfAll) {
  try {
    probe_named("docker", work_.path());
    FAIL() << "there is no such isolation";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.hint(), "use auto, privileged, userns, userns-single, emulated-root, emulated or none");
  }
}

TEST_F(SandboxProbe, TheBestThatWorksIsTaken) {
  const auto reports = examine(work_.path());
  ASSERT_EQ(reports.size(), 5U);
  EXPECT_EQ(reports.front().tier, Tier::kPrivileged);
  EXPECT_EQ(reports.back().tier, Tier::kEmulated);
  const auto best =
      std::find_if(reports.begin(), reports.end(), [](const TierReport& report) { return report.works; });
  EXPECT_EQ(probe(work_.path()).tier, best == reports.end() ? Tier::kNone : best->tier);
  for (const auto& report : reports) {
    EXPECT_FALSE(report.steps.empty());
    EXPECT_EQ(report.works, report.steps.back().ok) << tier_name(report.tier);
  }
}

// Those with the stub: see StubSteps.
TEST_F(SandboxProbe, EveryTierThatIsFoundRunsSteps) {
  for (const Tier tier : {Tier::kPrivileged, Tier::kUserNamespace}) {
    const std::string name(tier_name(tier));
    try {
      probe_named(name, work_.path());
    } catch (const base::Error& error) {
      std::printf("not here: %s\n", error.summary().c_str());
      continue;
    }
    EXPECT_EQ(in_child([&] {
                enter(tier);
                if (::getuid() != 0 || ::getgid() != 0) return 1;
                const auto launcher = Launcher::start(tier);
                const os::TempDir own(work_.path(), "own-");
                Spec spec;
                spec.root = OverlayRoot{{}, own.path() + "/upper", own.path() + "/work"};
                for (const char* folder : {"/upper", "/work"}) os::make_directories(own.path() + folder);
                spec.mounts = {BindMount{.source = kBusybox, .target = "/busybox"}};
                spec.argv = {"/busybox", "id", "-u"};
                std::string output;
                const ExitStatus status =
                    launcher->run(spec,
                                  [&](int, base::ByteSpan bytes) {
                                    output.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                                  },
                                  {});
                return status.code == 0 && output == "0\n" ? 0 : 2;
              }),
              0)
        << name;
  }
}

TEST_F(SandboxProbe, NoTierStartsNoLauncher) {
  EXPECT_THROW(Launcher::start(Tier::kNone), base::Error);
}

}  // namespace
}  // namespace cooper::sandbox::test
