// What a step must not be able to do or see.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sandbox/credentials.h"
#include "step_fixture.h"

namespace cooper::sandbox::test {
namespace {

class SandboxIsolation : public StepTest {};

// "Name:\tvalue" of /proc/self/status.
std::string field(const std::string& status, const std::string& name) {
  const auto at = status.find(name + ":\t");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 2;
  return status.substr(begin, status.find('\n', begin) - begin);
}

std::string hexadecimal(std::uint64_t mask) {
  std::string text(16, '0');
  for (int digit = 15; digit >= 0; --digit, mask >>= 4)
    text[static_cast<std::size_t>(digit)] = "0123456789abcdef"[mask & 15];
  return text;
}

TEST_F(SandboxIsolation, CapabilitiesAreDockersDefault) {
  const std::string status = run_shell("cat /proc/self/status").output;
  const std::string expected =
      "00000000a80425fb";  // what `docker run alpine grep Cap /proc/self/status` shows
  EXPECT_EQ(hexadecimal(default_capabilities()), expected);
  EXPECT_EQ(field(status, "CapEff"), expected);
  EXPECT_EQ(field(status, "CapPrm"), expected);
  EXPECT_EQ(field(status, "CapBnd"), expected);
  EXPECT_EQ(field(status, "CapInh"), "0000000000000000");
  EXPECT_EQ(field(status, "CapAmb"), "0000000000000000");
  EXPECT_EQ(field(status, "NoNewPrivs"), "0") << "sudo must work in steps";
  EXPECT_EQ(field(status, "Seccomp"), "2");
}

TEST_F(SandboxIsolation, OrdinaryUsersHaveNoCapabilities) {
  if (single_id()) GTEST_SKIP() << "only one id is mapped here";
  Spec step = shell("cat /proc/self/status");
  step.uid = step.gid = 1000;
  const std::string status = run(step).output;
  EXPECT_EQ(field(status, "CapEff"), "0000000000000000");
  EXPECT_EQ(field(status, "CapPrm"), "0000000000000000");
  EXPECT_EQ(field(status, "CapBnd"), "00000000a80425fb");
}

TEST_F(SandboxIsolation, InsecureStepsKeepEverything) {
  Spec step = shell("cat /proc/self/status; mount -t tmpfs none /tmp && echo mounted");
  step.insecure = true;
  const Outcome outcome = run(step);
  EXPECT_EQ(field(outcome.output, "Seccomp"), "0");
  EXPECT_NE(field(outcome.output, "CapEff"), "00000000a80425fb");
  EXPECT_NE(outcome.output.find("mounted"), std::string::npos) << outcome.errors;
}

TEST_F(SandboxIsolation, FilteredCallsGiveEperm) {
  // No capability is asked for a user namespace, so the refusal is the filter's.
  const Outcome outcome = run_shell("unshare -U true");
  EXPECT_NE(outcome.status.code, 0);
  EXPECT_NE(outcome.errors.find("Operation not permitted"), std::string::npos) << outcome.errors;
  EXPECT_NE(run_shell("mount -t tmpfs none /tmp").status.code, 0);
}

TEST_F(SandboxIsolation, SeesOnlyItsOwnProcesses) {
  const Outcome outcome = run_shell("cd /proc; echo [0-9]*; cat /proc/1/cmdline | wc -c");
  // The init, and the shell itself.
  EXPECT_EQ(outcome.output.substr(0, outcome.output.find('\n')), "1 2") << outcome.output;
}

TEST_F(SandboxIsolation, InitShowsNothingOfTheBuilder) {
  const Outcome outcome = run_shell(
      "cat /proc/1/cmdline | grep -c unit_sandbox; cat /proc/1/environ; ls /proc/1/root; readlink "
      "/proc/1/fd/3;"
      "readlink /proc/1/cwd; readlink /proc/1/exe; head -c 1 /proc/1/maps");
  EXPECT_EQ(outcome.output, "0\n");
  // In `insecure` steps, which may read it, the environment is erased as well.
  Spec step = shell("head -c 1000 /proc/1/environ | grep -c PATH");
  step.insecure = true;
  EXPECT_EQ(run(step).output, "0\n");
}

TEST_F(SandboxIsolation, CannotSeeHostPaths) {
  os::write_file_atomically(path("host-file"), "x");
  const Outcome outcome =
      run_shell("cat " + path("host-file") + " ; ls /../../.. ; cat /proc/self/mountinfo");
  EXPECT_NE(outcome.errors.find("No such file"), std::string::npos);
  EXPECT_EQ(outcome.output.find("lost+found"), std::string::npos);
  EXPECT_EQ(outcome.output.find(directory_->path()), std::string::npos)
      << "layer paths show in the mount table";
  // Exactly one file system at `/`, and it is ours.
  std::size_t roots = 0;
  for (auto at = outcome.output.find(" / / "); at != std::string::npos;
       at = outcome.output.find(" / / ", at + 1))
    ++roots;
  EXPECT_EQ(roots, 1u) << outcome.output;
}

TEST_F(SandboxIsolation, HoldsNoForeignDescriptors) {
  EXPECT_EQ(run_shell("cd /proc/self/fd; echo *").output, "0 1 2 3\n") << "3 is the directory being read";
}

TEST_F(SandboxIsolation, DevicesWorkAndDiskNodesDoNot) {
  const Outcome outcome = run_shell(
      "echo x >/dev/null && head -c 4 /dev/zero | wc -c && head -c 4 /dev/urandom | wc -c; ls -d "
      "/dev/pts/ptmx /dev/shm /dev/mqueue;"
      "readlink /dev/fd; touch /dev/shm/x && echo shm");
  EXPECT_EQ(outcome.output, "4\n4\n/dev/mqueue\n/dev/pts/ptmx\n/dev/shm\n/proc/self/fd\nshm\n")
      << outcome.errors;
  // Making a node may work (as root it does); opening it must not.
  EXPECT_NE(run_shell("mknod /disk b 254 0; head -c 1 /disk").status.code, 0);
  EXPECT_NE(run_shell("mknod /n c 1 3; echo x >/n && test -c /n").status.code, 0);
  EXPECT_NE(run_shell("mknod /dev/disk b 254 0; head -c 1 /dev/disk").status.code, 0);
}

TEST_F(SandboxIsolation, KernelSettingsAreReadOnlyAndSecretsMasked) {
  EXPECT_NE(run_shell("echo 1 >/proc/sys/kernel/panic").status.code, 0);
  EXPECT_NE(run_shell("echo b >/proc/sysrq-trigger").status.code, 0);
  EXPECT_NE(run_shell("mkdir /sys/fs/cgroup/x").status.code, 0);
  EXPECT_NE(run_shell("touch /sys/x").status.code, 0);
  EXPECT_EQ(run_shell("test ! -e /proc/keys || wc -c </proc/keys").output.substr(0, 1),
            fs::exists("/proc/keys") ? "0" : "");
  EXPECT_EQ(run_shell("ls /sys/firmware 2>/dev/null").output, "");
}

TEST_F(SandboxIsolation, NetworkNoneHasLoopbackOnly) {
  Spec step = shell("cat /proc/net/dev | tail -n +3 | wc -l; ip addr show lo | grep -c 127.0.0.1");
  step.network = Network::kNone;
  EXPECT_EQ(run(step).output, "1\n1\n");
}

TEST_F(SandboxIsolation, HostNetworkIsTheHosts) {
  EXPECT_EQ(run_shell("readlink /proc/self/ns/net").output,
            fs::read_symlink("/proc/self/ns/net").string() + "\n");
}

TEST_F(SandboxIsolation, HostileLinksAtMountTargetsStayInside) {
  os::make_directories(path("victim"));
  os::write_file_atomically(path("victim/hosts"), "untouched");
  fs::create_directory_symlink(path("victim"), lower() + "/evil");
  fs::remove_all(lower() + "/etc");
  fs::create_directory_symlink("../../../../../.." + path("victim"), lower() + "/etc");
  Spec step = shell("cat /evil/secret; cat /etc/hosts | wc -l");
  step.mounts = {FileMount{.target = "/evil/secret", .content = "in the root\n"}};
  const Outcome outcome = run(step);
  EXPECT_EQ(outcome.output, "in the root\n2\n") << outcome.errors;
  EXPECT_EQ(os::read_file(path("victim/hosts")), "untouched");
  EXPECT_FALSE(fs::exists(path("victim/secret")));
}

TEST_F(SandboxIsolation, HostileLinksInPlaceOfSystemDirectoriesStayInside) {
  os::make_directories(path("victim"));
  for (const char* name : {"/proc", "/dev", "/sys"}) {
    fs::create_directory_symlink("../../../../../.." + path("victim"), lower() + name);
  }
  try {
    run_shell("true");
  } catch (const base::Error&) {
    // Refusing is as good; what counts is outside.
  }
  EXPECT_TRUE(fs::is_empty(path("victim")));
}

TEST_F(SandboxIsolation, StepsCannotReachEachOther) {
  Spec step = shell("ls /proc | grep -c '^[0-9]'; readlink /proc/self/ns/ipc /proc/self/ns/uts");
  const std::string first = run(step).output;
  EXPECT_EQ(first.find(fs::read_symlink("/proc/self/ns/ipc").string()), std::string::npos);
}

}  // namespace
}  // namespace cooper::sandbox::test
