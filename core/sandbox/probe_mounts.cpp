#include "sandbox/probe_mounts.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "os/mount.h"
#include "os/user_namespace.h"

namespace cooper::sandbox {

namespace {

constexpr const char* kContainerRemedy =
    "run the container with --privileged, or with --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined";
constexpr const char* kVolumeRemedy =
    "put the work directory on a volume that is not overlayfs itself, such as an emptyDir, a tmpfs or a host "
    "path";
constexpr const char* kKernelRemedy = "use a machine with Linux 5.12 or newer";

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

}  // namespace

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

std::vector<Check> namespace_checks(const std::string& /*work*/) {
  return {{"user namespace", user_namespace_remedy(), os::enter_user_namespace_with_one_id},
          {"new namespaces", kContainerRemedy, new_namespaces},
          {"a process file system of its own", "", mount_proc, "steps see the container's own /proc"}};
}

std::vector<Check> range_checks() {
  return {{"range of subordinate ids",
           "add the user to /etc/subuid and /etc/subgid, and install uidmap (newuidmap)",
           os::enter_user_namespace_with_range}};
}

}  // namespace cooper::sandbox
