// probe(): finds out what this machine allows by doing it, in forked children that leave nothing behind.
#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/mount.h"
#include "os/user_namespace.h"
#include "sandbox/tier.h"

namespace cooper::sandbox {

namespace {

constexpr unsigned kTimeLimit = 60;  // seconds: an overlay on a busy disk was seen to take one
constexpr std::string_view kProbePrefix = "probe-";
constexpr const char* kContainerRemedy =
    "run the container with --privileged, or with --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined";
constexpr const char* kVolumeRemedy =
    "put the work directory on a volume that is not overlayfs itself, such as an emptyDir, a tmpfs or a host "
    "path";
constexpr const char* kKernelRemedy = "use a machine with Linux 5.12 or newer";

struct Check {
  std::string what;
  std::string remedy;
  std::function<void()> action;
  std::string fallback = {};  // not empty: a failure is no obstacle, and this is what happens instead
};

// The kernel's switches against user namespaces, where one of them is set.
std::string user_namespace_remedy() {
  struct Switch {
    const char* path;
    std::string_view closed;
    const char* remedy;
  };
  constexpr std::array<Switch, 3> kSwitches = {{
      {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
       "set sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give cooper an AppArmor profile with "
       "'userns'"},
      {"/proc/sys/user/max_user_namespaces", "0", "set sysctl user.max_user_namespaces to 15000 or more"},
      {"/proc/sys/kernel/unprivileged_userns_clone", "0", "set sysctl kernel.unprivileged_userns_clone=1"},
  }};
  for (const auto& entry : kSwitches) {
    try {
      if (base::trim(os::read_file(entry.path, 100)) == entry.closed) return entry.remedy;
    } catch (const base::Error&) {
      // This kernel has no such switch.
    }
  }
  return kContainerRemedy;
}

void new_namespaces() {
  base::check(::unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID), "unshare",
              "the namespaces");
  base::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make private", "the mounts");
}

void mount_scratch() {
  const os::Fd scratch = os::new_filesystem("tmpfs", {}, {.no_suid = true});
  const os::Fd root = os::open_file("/", O_PATH | O_DIRECTORY);
  os::attach_mount(scratch, root.get(), "scratch space");
  base::check(::fchdir(scratch.get()), "enter", "scratch space");
}

void mount_layers(const std::string& work) {
  for (const char* name : {"/lower", "/upper", "/work"}) os::make_directories(work + name);
  os::write_file_atomically(work + "/lower/a", "a");
  os::mount_overlay({{work + "/lower"}, work + "/upper", work + "/work"}, "root", true);
}

// What package managers do all day: write, rename over, remove from the layer below.
void change_files() {
  os::write_file_atomically("root/b", "b");
  base::check(::rename("root/b", "root/c"), "rename", "a file in the overlay");
  base::check(::unlink("root/a"), "remove", "a file of a lower layer");
  base::check(::mkdir("root/a", 0755), "create", "a directory in the overlay");
}

void change_owner() {
  base::check(::chown("root/c", 12345, 54321), "chown", "a file in the overlay");
}

void bind_read_only() {
  const os::Fd tree = os::clone_mount(AT_FDCWD, "root", true);
  os::set_mount_attributes(tree, {.read_only = true}, true, "a bind mount");
}

// The pid namespace of new_namespaces() starts with the next child.
void mount_proc() {
  const pid_t child = base::check(::fork(), "start", "a process");
  if (child == 0) {
    int number = 0;
    try {
      os::new_filesystem("proc", {}, {});
    } catch (const base::Error& error) {
      number = error.errno_value();
    }
    ::_exit(number);
  }
  int status = 0;
  base::check(::waitpid(child, &status, 0), "wait for", "a process");
  if (status != 0) throw base::os_error(WEXITSTATUS(status), "mount", "proc file system");
}

std::vector<Check> mount_checks(const std::string& work) {
  return {{"new namespaces", kContainerRemedy, new_namespaces},
          {"tmpfs mount", kContainerRemedy, mount_scratch},
          {"overlay mount on the work directory", kVolumeRemedy, [work] { mount_layers(work); }},
          {"changing files in the overlay", kVolumeRemedy, change_files},
          {"read-only bind mounts", kKernelRemedy, bind_read_only},
          {"a process file system of its own", "", mount_proc, "steps see the container's own /proc"}};
}

std::vector<Check> privileged_checks(const std::string& work) {
  auto checks = mount_checks(work);
  checks.push_back({"files of any owner", "give the container the capability CHOWN", change_owner});
  checks.insert(checks.begin(), {"root", "run as root, or allow user namespaces", [] {
                                   if (::geteuid() != 0)
                                     throw base::os_error(EPERM, "mount as", "an ordinary user");
                                 }});
  return checks;
}

std::vector<Check> user_namespace_checks(const std::string& work) {
  auto checks = mount_checks(work);
  checks.insert(checks.begin(),
                {"user namespace", user_namespace_remedy(), os::enter_user_namespace_with_one_id});
  return checks;
}

std::vector<Check> range_checks() {
  return {{"range of subordinate ids",
           "add the user to /etc/subuid and /etc/subgid, and install uidmap (newuidmap)",
           os::enter_user_namespace_with_range}};
}

// One line a check: "" or why it failed. Stops after the first failure that matters.
[[noreturn]] void perform(const std::vector<Check>& checks, const os::Fd& report) {
  ::alarm(kTimeLimit);
  try {
    for (const auto& check : checks) {
      std::string line;
      try {
        check.action();
      } catch (const base::Error& error) {
        line = error.summary();
        std::replace(line.begin(), line.end(), '\n', ' ');
      }
      const bool fatal = !line.empty() && check.fallback.empty();
      line += '\n';
      os::FdSink(report.get(), "pipe").write(std::as_bytes(std::span(line)));
      if (fatal) break;
    }
  } catch (const std::exception&) {
    ::_exit(1);
  }
  ::_exit(0);
}

std::vector<ProbeStep> interpret(const std::vector<Check>& checks, const std::string& report) {
  const auto lines = base::split(report, '\n');  // one more than there are reports
  std::vector<ProbeStep> steps;
  for (std::size_t index = 0; index < checks.size(); ++index) {
    const Check& check = checks[index];
    const bool reported = index + 1 < lines.size();
    ProbeStep step{.what = check.what, .ok = reported && lines[index].empty(), .detail = "", .remedy = ""};
    if (reported && !step.ok) step.detail = lines[index];
    if (!reported) step.detail = "the probe ended unexpectedly";
    if (reported && !step.ok && !check.fallback.empty()) {
      step.ok = true;
      step.detail += "; " + check.fallback;
    }
    if (!step.ok) step.remedy = check.remedy;
    steps.push_back(step);
    if (!step.ok) break;
  }
  return steps;
}

std::vector<ProbeStep> run_checks(const std::vector<Check>& checks) {
  auto [reader, writer] = os::make_pipe();
  const pid_t child = base::check(::fork(), "start", "a probe");
  if (child == 0) {
    reader.reset();
    perform(checks, writer);
  }
  writer.reset();
  os::FdSource source(reader.get(), "a probe");
  const std::string report = base::read_all(source, 1 << 16, "a probe");
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return interpret(checks, report);
}

bool all_ok(const std::vector<ProbeStep>& steps) {
  return !steps.empty() &&
         std::all_of(steps.begin(), steps.end(), [](const ProbeStep& step) { return step.ok; });
}

// Removes what killed probes left. Each holds the directory's lock with others, so that whoever has it alone
// knows that the rest are dead. Nothing where there can be no lock: the checks then say what is wrong with
// the place.
os::Fd join_probes(const std::string& work_directory) {
  try {
    os::make_directories(work_directory);
    os::Fd lock = os::open_file(work_directory, O_RDONLY | O_DIRECTORY);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
      for (const auto& item : std::filesystem::directory_iterator(work_directory)) {
        if (item.path().filename().string().starts_with(kProbePrefix)) os::remove_tree(item.path().string());
      }
    }
    ::flock(lock.get(), LOCK_SH);
    return lock;
  } catch (const base::Error&) {
    return {};
  } catch (const std::filesystem::filesystem_error&) {
    return {};
  }
}

ProbeStep check_work_directory(const std::string& work_directory) {
  ProbeStep step{
      .what = "work directory", .ok = false, .detail = "", .remedy = "point --store at a writable directory"};
  try {
    const os::TempDir directory(work_directory, kProbePrefix);
    os::write_file_atomically(directory.path() + "/file", "x");
    struct statvfs status {};
    base::check(::statvfs(work_directory.c_str(), &status), "examine", work_directory);
    step.ok = (status.f_flag & ST_NOEXEC) == 0;
    step.detail = step.ok ? work_directory : work_directory + " is mounted noexec";
    if (step.ok) step.remedy.clear();
  } catch (const base::Error& error) {
    step.detail = error.summary();
  }
  return step;
}

class Prober {
 public:
  explicit Prober(const std::string& work_directory)
      : work_directory_(work_directory), lock_(join_probes(work_directory)) {
    result_.steps.push_back(check_work_directory(work_directory));
  }

  bool usable() const { return result_.steps.front().ok; }

  bool privileged() { return with_directory(privileged_checks, Tier::kPrivileged, "root with mounts"); }

  bool single_id() {
    return with_directory(user_namespace_checks, Tier::kSingleIdUserNamespace,
                          "a user namespace with one id: RUN works as root only, and cannot change owners");
  }

  // After single_id() succeeded: the mounts are the same.
  bool range() {
    if (!record(run_checks(range_checks()))) return false;
    return accept(Tier::kUserNamespace, "a user namespace with a range of ids");
  }

  ProbeResult take() {
    if (result_.tier == Tier::kNone) {
      const auto failed = std::find_if(result_.steps.rbegin(), result_.steps.rend(),
                                       [](const ProbeStep& step) { return !step.ok; });
      result_.reason = "RUN is not possible: " + failed->what + ": " + failed->detail;
    }
    return std::move(result_);
  }

 private:
  template <typename Checks>
  bool with_directory(Checks checks, Tier tier, const char* reason) {
    const os::TempDir directory(work_directory_, kProbePrefix);
    return record(run_checks(checks(std::filesystem::absolute(directory.path()).string()))) &&
           accept(tier, reason);
  }

  bool accept(Tier tier, const char* reason) {
    result_.tier = tier;
    result_.reason = reason;
    return true;
  }

  bool record(const std::vector<ProbeStep>& steps) {
    result_.steps.insert(result_.steps.end(), steps.begin(), steps.end());
    return all_ok(steps);
  }

  std::string work_directory_;
  os::Fd lock_;
  ProbeResult result_;
};

}  // namespace

ProbeResult probe(const std::string& work_directory) {
  Prober prober(work_directory);
  if (prober.usable() && !prober.privileged() && prober.single_id()) prober.range();
  return prober.take();
}

ProbeResult probe_named(const std::string& name, const std::string& work_directory) {
  if (name == "auto") return probe(work_directory);
  Prober prober(work_directory);
  bool works = prober.usable();
  if (name == tier_name(Tier::kNone)) {
    return {.tier = Tier::kNone, .reason = "RUN was switched off", .steps = {}};
  } else if (name == tier_name(Tier::kPrivileged)) {
    works = works && prober.privileged();
  } else if (name == tier_name(Tier::kUserNamespace)) {
    works = works && prober.single_id() && prober.range();
  } else if (name == tier_name(Tier::kSingleIdUserNamespace)) {
    works = works && prober.single_id();
  } else {
    throw base::Error(base::ErrorKind::kUsage, "unknown isolation '" + name + "'")
        .hint("use auto, privileged, userns, userns-single or none");
  }
  ProbeResult result = prober.take();
  if (works) return result;
  const auto failed =
      std::find_if(result.steps.begin(), result.steps.end(), [](const ProbeStep& step) { return !step.ok; });
  throw base::Error(base::ErrorKind::kUnsupported,
                    "isolation '" + name + "' does not work here: " + failed->what + ": " + failed->detail)
      .hint(failed->remedy);
}

}  // namespace cooper::sandbox
