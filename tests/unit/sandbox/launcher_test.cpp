// What a step is given and what comes back: exit codes, streams, user, root, mounts.
#include "sandbox/launcher.h"

#include <sys/stat.h>
#include <thread>

#include "step_fixture.h"

namespace cooper::sandbox::test {
namespace {

using Names = std::vector<std::string>;

class SandboxLauncher : public StepTest {};

TEST_F(SandboxLauncher, ReportsExitCodes) {
  EXPECT_EQ(run_shell("true").status.code, 0);
  EXPECT_EQ(run_shell("exit 42").status.code, 42);
  const ExitStatus killed = run_shell("kill -9 $$").status;
  EXPECT_EQ(killed.code, 137);
  EXPECT_EQ(killed.signal, 9);
}

TEST_F(SandboxLauncher, SeparatesTheStreams) {
  const Outcome outcome = run_shell("echo out; echo err >&2");
  EXPECT_EQ(outcome.output, "out\n");
  EXPECT_EQ(outcome.errors, "err\n");
}

TEST_F(SandboxLauncher, PassesOnLargeOutputWhole) {
  const Outcome outcome = run_shell("head -c 3000000 /dev/zero");
  EXPECT_EQ(outcome.output, std::string(3000000, '\0'));
}

TEST_F(SandboxLauncher, CountsMemoryAndTime) {
  const ExitStatus status = run_shell("head -c 50000000 /dev/zero | wc -c").status;
  EXPECT_GT(status.peak_memory, 100000u);
  EXPECT_GT(status.cpu_time_us, 0);
}

TEST_F(SandboxLauncher, EndsLikeAShellWhenTheProgramCannotBeRun) {
  const Outcome missing = run(spec({"no-such-program"}));
  EXPECT_EQ(missing.status.code, 127);
  EXPECT_NE(missing.errors.find("'no-such-program': not found"), std::string::npos) << missing.errors;
  os::write_file_atomically(lower() + "/bin/data", "not a program", 0755);
  os::write_file_atomically(lower() + "/bin/locked", "x", 0644);
  EXPECT_EQ(run(spec({"data"})).status.code, 126);
  EXPECT_EQ(run(spec({"/bin/locked"})).status.code, 126);
}

TEST_F(SandboxLauncher, SetsDirectoryEnvironmentHostNameAndMask) {
  Spec step = shell("pwd; echo $FOO; hostname; umask; cat < /dev/stdin | wc -c");
  step.cwd = "/made/for/it";
  step.env.emplace_back("FOO=bar");
  step.hostname = "somewhere";
  EXPECT_EQ(run(step).output, "/made/for/it\nbar\nsomewhere\n0022\n0\n");
  EXPECT_TRUE(fs::is_directory(upper() + "/made/for/it"))
      << "as with runc, a missing working directory stays";
}

TEST_F(SandboxLauncher, RunsAsTheUserAskedFor) {
  Spec step = shell("id -u; id -g; id -G; touch /tmp/mine; stat -c %u:%g /tmp/mine; echo again >/dev/stdout");
  fs::permissions(lower() + "/tmp", fs::perms::all);
  step.uid = 1000;
  step.gid = 100;
  step.groups = {20, 30};
  if (single_id()) {
    EXPECT_THROW(run(step), base::Error) << "only one id is mapped";
    return;
  }
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.output, "1000\n100\n100 20 30\n1000:100\nagain\n");
  struct stat status {};
  ASSERT_EQ(::stat((upper() + "/tmp/mine").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1000u);
}

TEST_F(SandboxLauncher, RootIsRoot) {
  const Outcome outcome = run_shell("id -u; id -g; touch /f && chmod 4711 /f && stat -c %u:%g:%a /f");
  EXPECT_EQ(outcome.output, "0\n0\n0:0:4711\n") << outcome.errors;
}

TEST_F(SandboxLauncher, AppliesUlimits) {
  Spec step = shell("ulimit -n; ulimit -Hn");
  step.ulimits = {"nofile=100:200"};
  EXPECT_EQ(run(step).output, "100\n200\n");
  step.ulimits = {"nofile=many"};
  EXPECT_THROW(run(step), base::Error);
}

TEST_F(SandboxLauncher, WritesGoToTheUpperDirectoryOnly) {
  EXPECT_EQ(run_shell("echo x >/new; rm /bin/ps; mkdir /etc/d").status.code, 0);
  EXPECT_EQ(changes(), (Names{"bin", "bin/ps", "dev", "etc", "etc/d", "new", "proc", "sys"}));
  EXPECT_TRUE(fs::is_symlink(lower() + "/bin/ps"));
  EXPECT_FALSE(fs::exists(lower() + "/new"));
}

TEST_F(SandboxLauncher, LeavesNoMountPointsBehind) {
  Spec step = shell("true");
  step.mounts = {FileMount{.target = "/run/secrets/token", .content = "s"}, TmpfsMount{.target = "/scratch"}};
  EXPECT_EQ(run(step).status.code, 0);
  // As BuildKit: runc's /proc and /sys stay.
  EXPECT_EQ(changes(), (Names{"dev", "etc", "proc", "sys"})) << "etc was copied up, and is as it was";
  EXPECT_TRUE(fs::is_empty(upper() + "/etc"));
}

TEST_F(SandboxLauncher, RunsOnAnEmptyRootAndOnManyLayers) {
  Spec step = spec({"/b"});
  layers(step).lower.clear();
  step.mounts = {BindMount{.source = kBusybox, .target = "/b"}};
  EXPECT_EQ(run(step).status.code, 127) << "busybox by another name knows no applet";
  EXPECT_EQ(changes(), (Names{"dev", "proc", "sys"}));

  Spec deep = shell("cat /l0 /l400 /same");
  for (int layer = 400; layer >= 0; --layer) {
    const std::string directory = path("layers/" + std::string(40, 'x') + std::to_string(layer));
    os::make_directories(directory);
    os::write_file_atomically(directory + "/l" + std::to_string(layer), std::to_string(layer) + "\n");
    os::write_file_atomically(directory + "/same", "from " + std::to_string(layer) + "\n");
    layers(deep).lower.insert(layers(deep).lower.end() - 1, directory);
  }
  EXPECT_EQ(run(deep).output, "0\n400\nfrom 400\n") << "the topmost comes first";
}

TEST_F(SandboxLauncher, RefusesMoreLayersThanLinuxStacks) {
  Spec step = shell("true");
  layers(step).lower.resize(501, lower());
  EXPECT_THROW(run(step), base::Error);
}

TEST_F(SandboxLauncher, BindsDirectoriesAndFiles) {
  os::make_directories(path("shared/sub"));
  os::write_file_atomically(path("shared/sub/file"), "content\n");
  Spec step = shell("cat /in/sub/file /one; echo w >/in/x; echo w >/rw/x; echo code $?");
  step.mounts = {BindMount{.source = path("shared"), .target = "/in"},
                 BindMount{.source = path("shared/sub/file"), .target = "/one"},
                 BindMount{.source = path("shared"), .target = "/rw", .read_only = false}};
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.output, "content\ncontent\ncode 0\n");
  EXPECT_NE(outcome.errors.find("Read-only file system"), std::string::npos) << outcome.errors;
  EXPECT_TRUE(fs::exists(path("shared/x")));
}

TEST_F(SandboxLauncher, BindsAPartThatLinksCannotLeadOutOf) {
  os::make_directories(path("shared/sub"));
  os::write_file_atomically(path("shared/sub/file"), "content\n");
  fs::create_symlink("/sub", path("shared/link"));
  fs::create_symlink(path("outside"), path("shared/escape"));
  os::make_directories(path("outside"));
  Spec step = shell("cat /in/file");
  step.mounts = {BindMount{.source = path("shared"), .target = "/in", .path = "/link"}};
  EXPECT_EQ(run(step).output, "content\n");
  step.mounts = {BindMount{.source = path("shared"), .target = "/in", .path = "/escape"}};
  EXPECT_THROW(run(step), base::Error);
}

TEST_F(SandboxLauncher, JoinsControlGroups) {
  os::write_file_atomically(path("procs"), "");
  Spec step = shell("true");
  step.cgroups = {path("procs")};
  EXPECT_EQ(run(step).status.code, 0);
  EXPECT_EQ(os::read_file(path("procs")), "0");
  step.cgroups = {path("gone")};
  EXPECT_THROW(run(step), base::Error);
}

TEST_F(SandboxLauncher, NamesAMissingBindSource) {
  Spec step = shell("true");
  step.mounts = {BindMount{.source = path("absent"), .target = "/in"}};
  try {
    run(step);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.errno_value(), ENOENT);
    EXPECT_NE(error.summary().find(path("absent")), std::string::npos) << error.summary();
  }
}

TEST_F(SandboxLauncher, OverlayMountsKeepTheirLayers) {
  for (const char* name : {"src", "u", "w"}) os::make_directories(path(name));
  os::write_file_atomically(path("src/file"), "old\n");
  Spec step = shell("echo new >/src/file; cat /src/file");
  step.mounts = {OverlayMount{
      .lower = {path("src")}, .upper = path("u"), .work = path("w"), .source = "", .target = "/src"}};
  EXPECT_EQ(run(step).output, "new\n");
  EXPECT_EQ(os::read_file(path("src/file")), "old\n");
}

TEST_F(SandboxLauncher, OverlayMountsCanShowAPartReadOnly) {
  os::make_directories(path("one/app"));
  os::make_directories(path("two/app"));
  os::write_file_atomically(path("one/app/file"), "one\n");
  os::write_file_atomically(path("two/app/file"), "two\n");
  os::write_file_atomically(path("two/app/other"), "other\n");
  fs::create_symlink("/app", path("two/link"));
  const auto part = [&](std::vector<std::string> lower, const char* source, const char* target) {
    return OverlayMount{
        .lower = std::move(lower), .upper = "", .work = "", .source = source, .target = target};
  };
  Spec step = shell("cat /in/file /in/other /alone; echo x >/in/new; echo x >/alone");
  step.mounts = {part({path("one"), path("two")}, "link", "/in"), part({path("one")}, "app/file", "/alone")};
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.output, "one\nother\none\n");
  EXPECT_EQ(outcome.errors.find("nonexistent"), std::string::npos);
  EXPECT_NE(outcome.errors.find("/in/new: Read-only"), std::string::npos) << outcome.errors;
  EXPECT_NE(outcome.errors.find("/alone: Read-only"), std::string::npos) << outcome.errors;

  // A link that aims at the host ends inside the layers.
  fs::create_symlink(path("one/app"), path("two/evil"));
  step.mounts = {part({path("two")}, "evil", "/in")};
  EXPECT_THROW(run(step), base::Error);
}

TEST_F(SandboxLauncher, TmpfsMountsHaveSizeAndMode) {
  Spec step = shell("stat -c %a /t; dd if=/dev/zero of=/t/x bs=64k count=10 2>/dev/null || echo full");
  step.mounts = {TmpfsMount{.target = "/t", .size = 65536, .mode = 0700}};
  EXPECT_EQ(run(step).output, "700\nfull\n");
}

// As a container's are called elsewhere: programs look for them by name.
TEST_F(SandboxLauncher, MountsHaveTheirUsualNames) {
  Spec step = shell("while read -r name place rest; do echo $name $place; done </proc/mounts");
  step.mounts = {TmpfsMount{.target = "/t"}};
  const std::string mounts = run(step).output;
  for (const char* line : {"shm /dev/shm\n", "devpts /dev/pts\n", "tmpfs /dev\n", "tmpfs /t\n"}) {
    EXPECT_NE(mounts.find(line), std::string::npos) << line << mounts;
  }
}

// Or the end of every step would write out the file system that its root lies on.
TEST_F(SandboxLauncher, NothingWaitsForTheDiskBelowTheRoot) {
  const std::string root = run_shell("grep ' / overlay ' /proc/self/mounts").output;
  EXPECT_NE(root.find("volatile"), std::string::npos) << root;
}

TEST_F(SandboxLauncher, FileMountsAreReadOnlyWithTheirMode) {
  Spec step =
      shell("cat /run/secrets/token; stat -c %u:%g:%a /run/secrets/token; echo x >/run/secrets/token");
  step.mounts = {
      FileMount{.target = "/run/secrets/token", .content = "secret\n", .mode = 0400, .uid = 0, .gid = 0},
      FileMount{.target = "/dev/pipes/run", .content = "#!/bin/sh\necho script\n", .mode = 0755}};
  Outcome outcome = run(step);
  EXPECT_EQ(outcome.output, "secret\n0:0:400\n");
  EXPECT_NE(outcome.errors.find("Read-only"), std::string::npos);
  step.root = spec({}).root;
  step.argv = {"/dev/pipes/run"};
  EXPECT_EQ(run(step).output, "script\n");
  EXPECT_EQ(changes(), (Names{"dev", "etc", "proc", "sys"}));
}

TEST_F(SandboxLauncher, NestedMountsComeInOrder) {
  os::make_directories(path("cache"));
  Spec step = shell("ls -d /foo/bar/baz; touch /foo/bar/a /foo/bar/baz/b");
  step.mounts = {BindMount{.source = path("cache"), .target = "/foo/bar", .read_only = false},
                 TmpfsMount{.target = "/foo/bar/baz"}};
  EXPECT_EQ(run(step).output, "/foo/bar/baz\n");
  EXPECT_TRUE(fs::exists(path("cache/a")));
  EXPECT_TRUE(fs::is_empty(path("cache/baz")));
  EXPECT_EQ(changes(), (Names{"dev", "etc", "proc", "sys"}));
}

TEST_F(SandboxLauncher, WritesResolvConfAndHosts) {
  fs::create_symlink("../run/systemd/resolve/stub-resolv.conf", lower() + "/etc/resolv.conf");
  Spec step = shell("wc -c </etc/resolv.conf; grep db /etc/hosts; echo x >/etc/hosts");
  step.extra_hosts = {"db:10.1.2.3"};
  const Outcome outcome = run(step);
  EXPECT_NE(outcome.output.find("10.1.2.3\tdb"), std::string::npos);
  EXPECT_NE(outcome.output.substr(0, 1), "0");
  EXPECT_NE(outcome.errors.find("Read-only"), std::string::npos);
  EXPECT_EQ(changes(), (Names{"dev", "etc", "proc", "sys"}))
      << "the link's target was made, and is gone again";
}

TEST_F(SandboxLauncher, ManyStepsAtOnce) {
  constexpr int kSteps = 64;
  std::vector<std::string> outputs(kSteps);
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < kSteps; ++number) {
      threads.emplace_back([this, number, &outputs] {
        const std::string own = path("step" + std::to_string(number));
        os::make_directories(own + "/upper");
        os::make_directories(own + "/work");
        Spec step = shell("echo " + std::to_string(number) + " >/own; cat /own; ls /proc | grep -c '^[0-9]'");
        layers(step).upper = own + "/upper";
        layers(step).work = own + "/work";
        try {
          outputs[static_cast<std::size_t>(number)] = run(step).output;
        } catch (const base::Error& error) {
          outputs[static_cast<std::size_t>(number)] = error.summary();
        }
      });
    }
  }
  for (int number = 0; number < kSteps; ++number) {
    const std::string& output = outputs[static_cast<std::size_t>(number)];
    EXPECT_EQ(output.substr(0, output.find('\n')), std::to_string(number));
  }
}

}  // namespace
}  // namespace cooper::sandbox::test
