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

// Until a look finds no process that is not stopped yet.
std::vector<ProcessStatus> stop_descendants(const std::set<pid_t>& spared) {
  std::set<std::pair<pid_t, unsigned long long>> stopped;
  while (true) {
    auto found = descendants(spared);
    bool more = false;
    for (const auto& process : found) {
      if (!stopped.emplace(process.pid, process.start_time).second) continue;
      more = signal_process(process, SIGSTOP) || more;
    }
    if (!more) return found;
  }
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

ProcessStatus parse_process_status(std::string_view text) {
  // The name, in parentheses, may hold anything, and so ends at the last one. From there: state, parent, and
  // the start as the 22nd field of all.
  const auto end = text.rfind(") ");
  if (end == std::string_view::npos) return {};
  const auto fields = base::split(text.substr(end + 2), ' ');
  constexpr std::size_t kParent = 1;
  constexpr std::size_t kStart = 22 - 3;
  if (fields.size() <= kStart) return {};
  ProcessStatus status;
  status.pid = static_cast<pid_t>(std::strtol(std::string(text.substr(0, 16)).c_str(), nullptr, 10));
  status.parent = static_cast<pid_t>(std::strtol(std::string(fields[kParent]).c_str(), nullptr, 10));
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
    const auto processes = stop_descendants(spared);
    if (processes.empty()) return;
    for (const auto& process : processes) signal_process(process, SIGKILL);
    // Children of those become ours when their parents end, and are found by the next look.
    for (const auto& process : processes) {
      if (process.parent == ::getpid()) reap(process.pid);
    }
  }
}

}  // namespace cooper::sandbox
