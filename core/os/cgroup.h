// A control group of our own below one that the caller names, in every hierarchy that is mounted here: cgroup
// v2, v1, or both (cgroups(7), "Cgroups v1 and v2"). What joins it is bound by the limits of the group above.
#pragma once

#include <string>
#include <vector>

namespace cooper::os {

class Cgroup {
 public:
  // Makes <parent>/cooper/<name>, and what is missing above it; `parent` is a path below the hierarchies'
  // roots. Throws Error{kUnsupported} where groups cannot be made, Error{kUsage} for a path that would leave
  // the roots.
  Cgroup(const std::string& parent, const std::string& name);
  // Removes the group, which must be empty by then, and what was made above it where nobody else is in it.
  ~Cgroup();
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  // The files (cgroup.procs) that a process writes "0" into to join.
  std::vector<std::string> process_files() const;

 private:
  void make(const std::string& root, const std::vector<std::string>& path, const std::string& parent);
  int make_all(const std::string& root, const std::vector<std::string>& path, std::string& directory);

  std::vector<std::string> directories_;
  std::vector<std::string> made_;  // all that was not there before, outermost first
};

// Where hierarchies are mounted, by /proc/self/mountinfo's text (proc(5)): directories, in order.
std::vector<std::string> cgroup_roots(const std::string& mountinfo);

}  // namespace cooper::os
