// All processes that descend from this one, found through /proc: what stands in for a pid namespace where
// there is none.
//
// This process must be their subreaper (PR_SET_CHILD_SUBREAPER): then whatever a step's process does, daemons
// that start a session of their own included, some chain of parents ends here.
#pragma once

#include <set>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace cooper::sandbox {

struct ProcessStatus {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  unsigned long long start_time =
      0;  // clock ticks since boot: tells a process from a later one of its number
  bool operator==(const ProcessStatus&) const = default;
};

// What /proc/PID/stat says (proc(5)); pid 0 for a text that is malformed.
ProcessStatus parse_process_status(std::string_view text);

// Parents come before their children. `spared` and what descends from them is left out.
std::vector<ProcessStatus> descendants(const std::set<pid_t>& spared = {});

// Sends the signal to each of them, to none by mistake.
void signal_descendants(int signal);

// Kills them, parents first, and reaps those that are or become this process's children, until there are
// none. Children among `spared` are not waited for.
void end_descendants(const std::set<pid_t>& spared = {});

}  // namespace cooper::sandbox
