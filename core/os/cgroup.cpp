#include "os/cgroup.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"

namespace cooper::os {
namespace {

constexpr std::size_t kMostMounts = 4 << 20;

base::Error refusal(const std::string& parent, const std::string& directory, int number) {
  return base::Error(base::ErrorKind::kUnsupported,
                     fmt::format("cannot make a control group below '{}': {}", parent,
                                 base::os_error(number, "create", directory).message()))
      .hint(
          "leave out --cgroup-parent, or build where control groups may be made (as root, with a writable "
          "/sys/fs/cgroup)");
}

// cpuset of cgroup v1 lets nobody in before it knows processors and memory: those of the group above.
void inherit_cpuset(const std::string& directory) {
  for (const char* name : {"/cpuset.cpus", "/cpuset.mems"}) {
    if (::access((directory + name).c_str(), F_OK) != 0) continue;
    if (base::trim(read_file(directory + name)) != "") continue;
    std::string above = read_file(directory.substr(0, directory.rfind('/')) + name);
    Fd file = open_file(directory + name, O_WRONLY);
    FdSink(file.get(), directory + name).write(std::as_bytes(std::span(above)));
  }
}

// Innermost first; a group that somebody is in stays.
void remove_empty(const std::vector<std::string>& directories) {
  for (auto made = directories.rbegin(); made != directories.rend(); ++made) ::rmdir(made->c_str());
}

}  // namespace

std::vector<std::string> cgroup_roots(const std::string& mountinfo) {
  std::vector<std::string> roots;
  for (const std::string& line : base::split(mountinfo, '\n')) {
    // "36 35 0:31 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu"
    std::size_t separator = line.find(" - ");
    if (separator == std::string::npos) continue;
    std::vector<std::string> mount = base::split(line.substr(0, separator), ' ');
    std::string type = base::split(line.substr(separator + 3), ' ').front();
    if (mount.size() >= 5 && (type == "cgroup" || type == "cgroup2")) roots.push_back(mount[4]);
  }
  return roots;
}

Cgroup::Cgroup(const std::string& parent, const std::string& name) {
  std::vector<std::string> path = base::split(parent, '/');
  for (const std::string& part : path) {
    if (part != "..") continue;
    throw base::Error(base::ErrorKind::kUsage, fmt::format("--cgroup-parent '{}' holds '..'", parent))
        .hint("name a group by its path below the hierarchy's root");
  }
  std::vector<std::string> roots = cgroup_roots(read_file("/proc/self/mountinfo", kMostMounts));
  if (roots.empty()) throw refusal(parent, "/sys/fs/cgroup", ENOENT);
  path.insert(path.end(), {"cooper", name});
  try {
    for (const std::string& root : roots) make(root, path, parent);
  } catch (const base::Error&) {
    remove_empty(made_);
    throw;
  }
}

void Cgroup::make(const std::string& root, const std::vector<std::string>& path, const std::string& parent) {
  // The end of another step may remove the empty group above between two calls: then from the start again.
  constexpr int kAttempts = 100;
  for (int attempt = 1;; ++attempt) {
    std::string missing;
    int number = make_all(root, path, missing);
    if (number == 0) return;
    if (number != ENOENT || attempt == kAttempts) throw refusal(parent, missing, number);
  }
}

// 0, or the errno of what could not be made.
int Cgroup::make_all(const std::string& root, const std::vector<std::string>& path, std::string& directory) {
  directory = root;
  for (const std::string& part : path) {
    if (part.empty() || part == ".") continue;
    directory += "/" + part;
    if (::mkdir(directory.c_str(), 0755) == 0) {
      made_.push_back(directory);
      inherit_cpuset(directory);
    } else if (errno != EEXIST) {
      return errno;
    }
  }
  directories_.push_back(directory);
  return 0;
}

Cgroup::~Cgroup() {
  remove_empty(made_);
}

std::vector<std::string> Cgroup::process_files() const {
  std::vector<std::string> files;
  for (const std::string& directory : directories_) files.push_back(directory + "/cgroup.procs");
  return files;
}

}  // namespace cooper::os
