#include "sandbox/process_tree.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "os/fd.h"
#include "os/pidfd.h"

namespace cooper::sandbox {

namespace {

constexpr std::size_t kMaximumChildren = 1 << 20;
constexpr std::size_t kMaximumStatus = 4096;  // bytes; the longest line is about 400

// Of a process that has just ended: nothing.
std::optional<ProcessStatus> read_status(const std::string& pid) {
  try {
    const ProcessStatus status =
        parse_process_status(os::read_file("/proc/" + pid + "/stat", kMaximumStatus));
    if (status.pid != 0) return status;
  } catch (const base::Error&) {
    // It is gone.
  }
  return std::nullopt;
}

std::vector<ProcessStatus> all_processes() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (directory == nullptr) base::throw_errno("list", "the processes");
  std::vector<ProcessStatus> found;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (std::strchr("123456789", entry->d_name[0]) == nullptr) continue;
    if (const auto status = read_status(entry->d_name)) found.push_back(*status);
  }
  return found;
}

// False when that process is gone.
bool signal_process(const ProcessStatus& process, int signal) {
  // Raw: that there is no such process is nothing to throw about.
  const os::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!pidfd.valid() && errno == ESRCH) return false;
  // Asked again, for now that there is a descriptor the number cannot become another's.
  const auto now = read_status(std::to_string(process.pid));
  if (!now || now->start_time != process.start_time) return false;
  // Without one (a profile older than the call): there is nothing better than the number.
  return pidfd.valid() ? os::signal_pidfd(pidfd, signal) : ::kill(process.pid, signal) == 0;
}

// Reaps what has ended. False when there are no children at all.
bool reap_ended() {
  pid_t pid;
  while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
  }
  return pid == 0;
}

// With its whole process group, so that none escapes by forking meanwhile: the kernel lets no fork pass
// between a group's processes and its signal. A step's groups hold processes of the step only.
void kill_with_group(const ProcessStatus& process) {
  if (process.group > 1 && process.group != ::getpgrp()) ::kill(-process.group, SIGKILL);
  signal_process(process, SIGKILL);
}

// Quicker than a look at all processes (CONFIG_PROC_CHILDREN; else none), for those that leave their group
// with every fork: when such a one ends, its child is ours.
std::vector<pid_t> children() {
  std::vector<pid_t> pids;
  try {
    const std::string self = std::to_string(::getpid());
    const std::string text = os::read_file("/proc/self/task/" + self + "/children", kMaximumChildren);
    for (const auto& word : base::split(text, ' ')) {
      if (!word.empty()) pids.push_back(static_cast<pid_t>(std::strtol(word.c_str(), nullptr, 10)));
    }
  } catch (const base::Error&) {
    // The look at all processes has to do.
  }
  return pids;
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void end_children(const std::set<pid_t>& spared) {
  std::vector<pid_t> before;
  while (true) {
    auto now = children();
    now.erase(std::remove_if(now.begin(), now.end(), [&](pid_t pid) { return spared.count(pid) != 0; }),
              now.end());
    if (now.empty()) return;
    // Nobody else reaps them: their numbers are theirs until then.
    for (const pid_t pid : now) ::kill(pid, SIGKILL);
    if (now == before) reap(now.front());  // they only need the time to die
    for (const pid_t pid : now) ::waitpid(pid, nullptr, WNOHANG);
    before = std::move(now);
  }
}

}  // namespace

ProcessStatus parse_process_status(std::string_view text) {
  // The name, in parentheses, may hold anything, and so ends at the last one. From there: state, parent,
  // group, and the start as the 22nd field of all.
  const auto end = text.rfind(") ");
  if (end == std::string_view::npos) return {};
  const auto fields = base::split(text.substr(end + 2), ' ');
  constexpr std::size_t kParent = 1;
  constexpr std::size_t kGroup = 2;
  constexpr std::size_t kStart = 22 - 3;
  if (fields.size() <= kStart) return {};
  ProcessStatus status;
  status.pid = static_cast<pid_t>(std::strtol(std::string(text.substr(0, 16)).c_str(), nullptr, 10));
  status.parent = static_cast<pid_t>(std::strtol(std::string(fields[kParent]).c_str(), nullptr, 10));
  status.group = static_cast<pid_t>(std::strtol(std::string(fields[kGroup]).c_str(), nullptr, 10));
  status.start_time = std::strtoull(std::string(fields[kStart]).c_str(), nullptr, 10);
  return status;
}

std::vector<ProcessStatus> descendants(const std::set<pid_t>& spared) {
  std::multimap<pid_t, ProcessStatus> children;
  for (const auto& process : all_processes()) children.emplace(process.parent, process);
  std::vector<ProcessStatus> found;
  const auto add_children = [&](pid_t parent) {
    const auto [begin, end] = children.equal_range(parent);
    for (auto child = begin; child != end; ++child) {
      if (spared.count(child->second.pid) == 0) found.push_back(child->second);
    }
  };
  add_children(::getpid());
  for (std::size_t index = 0; index < found.size(); ++index) add_children(found[index].pid);
  return found;
}

void signal_descendants(int signal) {
  for (const auto& process : descendants()) signal_process(process, signal);
}

void end_descendants(const std::set<pid_t>& spared) {
  // The usual end of a step, which costs no look at all processes. The spared are for their parent to reap.
  if (spared.empty() && !reap_ended()) return;
  while (true) {
    const auto processes = descendants(spared);
    if (processes.empty()) return;
    for (const auto& process : processes) kill_with_group(process);
    for (const auto& process : processes) {
      if (process.parent == ::getpid()) reap(process.pid);
    }
    // What has become ours by that.
    end_children(spared);
  }
}

}  // namespace cooper::sandbox
