#include "sandbox/system_mounts.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/error.h"
#include "os/mount.h"

namespace cooper::sandbox {

namespace {

// What Docker hides and protects: its default MaskedPaths and ReadonlyPaths, relative to /proc and /sys.
constexpr std::array kMaskedProc = {"acpi",       "asound",        "interrupts",  "kcore",
                                    "keys",       "latency_stats", "sched_debug", "scsi",
                                    "timer_list", "timer_stats"};
constexpr std::array kReadOnlyProc = {"bus", "fs", "irq", "sys", "sysrq-trigger"};
constexpr std::array kMaskedSys = {"devices/virtual/powercap", "firmware"};

constexpr std::array kDevices = {"null", "zero", "full", "random", "urandom", "tty"};
constexpr std::array<std::pair<const char*, const char*>, 6> kDeviceLinks = {{
    {"fd", "/proc/self/fd"},
    {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
    {"core", "/proc/kcore"},
    {"ptmx", "pts/ptmx"},
}};

constexpr os::MountAttributes kNoPrograms{.no_suid = true, .no_dev = true, .no_exec = true};

// Invalid when there is no such entry.
os::Fd open_entry(const os::Fd& directory, const char* name) {
  return os::Fd(::openat(directory.get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

void mask(const os::Fd& directory, const char* name) {
  const os::Fd entry = open_entry(directory, name);
  if (!entry.valid()) return;
  struct stat status {};
  base::check(::fstat(entry.get(), &status), "examine", name);
  const os::Fd cover =
      os::clone_mount(AT_FDCWD, S_ISDIR(status.st_mode) ? kEmptyDirectory : "/dev/null", false);
  if (S_ISDIR(status.st_mode)) os::set_mount_attributes(cover, {.read_only = true}, false, name);
  os::attach_mount(cover, entry.get(), name);
}

void make_read_only(const os::Fd& directory, const char* name) {
  const os::Fd entry = open_entry(directory, name);
  if (!entry.valid()) return;
  const os::Fd tree = os::clone_mount(directory.get(), name, true);
  os::MountAttributes attributes = kNoPrograms;
  attributes.read_only = true;
  os::set_mount_attributes(tree, attributes, true, name);
  os::attach_mount(tree, entry.get(), name);
}

// The kernel refuses a new proc in a container whose own is partly masked; then that one serves, masks and
// all.
os::Fd new_proc() {
  try {
    return os::new_filesystem("proc", {{"source", "proc"}}, kNoPrograms);
  } catch (const base::Error& error) {
    if (error.errno_value() != EPERM) throw;
    return os::clone_mount(AT_FDCWD, "/proc", true);
  }
}

void mount_proc(const Spec& spec, MountPoints& points) {
  const os::Fd proc = new_proc();
  os::attach_mount(proc, points.prepare("/proc", MountPointType::kDirectory, true).get(), "/proc");
  if (spec.insecure) return;
  for (const char* name : kReadOnlyProc) make_read_only(proc, name);
  for (const char* name : kMaskedProc) mask(proc, name);
}

void bind_device(const os::Fd& dev, const char* name) {
  const std::string source = fmt::format("/dev/{}", name);
  if (::access(source.c_str(), F_OK) != 0) return;  // a container without /dev/tty
  const int made = ::openat(dev.get(), name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
  os::Fd(base::check(made, "create the device", source)).reset();
  os::attach_mount(os::clone_mount(AT_FDCWD, source, false), open_entry(dev, name).get(), source);
}

os::Fd make_directory(const os::Fd& parent, const char* name, mode_t mode) {
  base::check(::mkdirat(parent.get(), name, mode), "create the directory", name);
  return open_entry(parent, name);
}

void mount_devpts(const os::Fd& dev) {
  const os::Fd target = make_directory(dev, "pts", 0755);
  const os::MountOptions options{{"source", "devpts"}, {"mode", "0620"}, {"ptmxmode", "0666"}};
  os::MountOptions with_group = options;
  with_group.emplace_back("gid", "5");  // tty, on every distribution
  os::Fd pts;
  try {
    pts = os::new_filesystem("devpts", with_group, {.no_suid = true, .no_exec = true});
  } catch (const base::Error& error) {
    if (error.errno_value() != EINVAL) throw;  // gid 5 is not mapped in this user namespace
    pts = os::new_filesystem("devpts", options, {.no_suid = true, .no_exec = true});
  }
  os::attach_mount(pts, target.get(), "/dev/pts");
}

void mount_dev(const Spec& spec, MountPoints& points) {
  const os::Fd dev = os::new_filesystem("tmpfs", {{"source", "tmpfs"}, {"mode", "0755"}, {"size", "65536k"}},
                                        {.no_suid = true, .no_dev = !spec.insecure});
  os::attach_mount(dev, points.prepare("/dev", MountPointType::kDirectory, true).get(), "/dev");
  for (const char* name : kDevices) bind_device(dev, name);
  for (const auto& [name, target] : kDeviceLinks) {
    base::check(::symlinkat(target, dev.get(), name), "create the link /dev/", name);
  }
  mount_devpts(dev);
  const os::Fd shm = os::new_filesystem(
      "tmpfs", {{"source", "shm"}, {"mode", "1777"}, {"size", std::to_string(spec.shm_size)}}, kNoPrograms);
  os::attach_mount(shm, make_directory(dev, "shm", 01777).get(), "/dev/shm");
  try {
    const os::Fd queues = os::new_filesystem("mqueue", {{"source", "mqueue"}}, kNoPrograms);
    os::attach_mount(queues, make_directory(dev, "mqueue", 0755).get(), "/dev/mqueue");
  } catch (const base::Error& error) {
    if (error.errno_value() != ENODEV) throw;  // a kernel without POSIX message queues
  }
}

// Without what is mounted below it (debugfs and the like) where the kernel lets us: in a user namespace the
// mounts of the namespace above only come together.
os::Fd clone_sys() {
  try {
    return os::clone_mount(AT_FDCWD, "/sys", false);
  } catch (const base::Error& error) {
    if (error.errno_value() != EINVAL) throw;
    return os::clone_mount(AT_FDCWD, "/sys", true);
  }
}

void mount_cgroups(const os::Fd& sys) {
  const os::Fd target = open_entry(sys, "fs/cgroup");
  if (!target.valid() || ::access("/sys/fs/cgroup", F_OK) != 0) return;
  const os::Fd tree = os::clone_mount(AT_FDCWD, "/sys/fs/cgroup", true);
  os::MountAttributes attributes = kNoPrograms;
  attributes.read_only = true;
  os::set_mount_attributes(tree, attributes, true, "/sys/fs/cgroup");
  os::attach_mount(tree, target.get(), "/sys/fs/cgroup");
}

void mount_sys(const Spec& spec, MountPoints& points) {
  const os::Fd target = points.prepare("/sys", MountPointType::kDirectory, true);
  if (::access("/sys/kernel", F_OK) != 0) return;  // no sysfs here to pass on
  const os::Fd sys = clone_sys();
  os::MountAttributes attributes = kNoPrograms;
  attributes.read_only = !spec.insecure;
  os::set_mount_attributes(sys, attributes, true, "/sys");
  os::attach_mount(sys, target.get(), "/sys");
  mount_cgroups(sys);
  if (spec.insecure) return;
  for (const char* name : kMaskedSys) mask(sys, name);
}

}  // namespace

std::string octal(std::uint32_t mode) {
  return fmt::format("{:o}", mode);
}

void mount_system_directories(const Spec& spec, MountPoints& points) {
  mount_proc(spec, points);
  mount_dev(spec, points);
  mount_sys(spec, points);
}

}  // namespace cooper::sandbox
