// Runs a shell script in an overlay mount of a stack, as a step would: in a process of its own with its own
// mounts.
#pragma once

#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace cooper::support {

enum class OverlayResult { kDone, kFailed, kNoMounts };

namespace overlay_run_detail {

inline bool enter_namespaces() {
  uid_t uid = ::geteuid();
  gid_t gid = ::getegid();
  if (::unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (uid != 0) {
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace overlay_run_detail

// `lower` topmost first; `mount_point` is an empty directory, the script's working directory.
inline OverlayResult run_in_overlay(const std::vector<std::string>& lower, const std::string& upper,
                                    const std::string& work, const std::string& mount_point,
                                    const std::string& script) {
  pid_t child = ::fork();
  if (child == 0) {
    if (!overlay_run_detail::enter_namespaces()) ::_exit(99);
    std::string options = "userxattr,upperdir=" + upper + ",workdir=" + work + ",lowerdir=";
    for (std::size_t i = 0; i < lower.size(); ++i) options += (i > 0 ? ":" : "") + lower[i];
    if (::mount("overlay", mount_point.c_str(), "overlay", 0, options.c_str()) != 0) ::_exit(99);
    if (::chdir(mount_point.c_str()) != 0) ::_exit(98);
    ::execl("/bin/sh", "sh", "-ec", script.c_str(), nullptr);
    ::_exit(97);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status == 0) return OverlayResult::kDone;
  return WIFEXITED(status) && WEXITSTATUS(status) == 99 ? OverlayResult::kNoMounts : OverlayResult::kFailed;
}

}  // namespace cooper::support
