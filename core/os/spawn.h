// How every program of ours is started: in a session of its own, with default signals and given standard
// streams.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace cooper::os {

struct SpawnOptions {
  std::vector<std::string> argv;                // argv[0] is looked up in PATH unless it has a slash
  std::optional<std::vector<std::string>> env;  // "NAME=value"; nullopt: as ours
  std::string cwd;                              // "": as ours
  int input = -1;                               // descriptors that become its standard streams
  int output = -1;
  int errors = -1;
};

// Throws Error{kIo} naming the program when it cannot be started.
pid_t spawn(const SpawnOptions& options);
// Ends a spawned program with its whole session and returns its status as waitpid(2) has it.
int kill_and_reap(pid_t pid);

}  // namespace cooper::os
