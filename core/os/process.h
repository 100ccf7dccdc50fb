// Runs an external program to its end: credential helpers, newuidmap, git. Safe from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cooper::os {

struct ProcessOptions {
  std::vector<std::string> argv;                // argv[0] is looked up in PATH unless it has a slash
  std::optional<std::vector<std::string>> env;  // "NAME=value"; nullopt: as ours
  std::string cwd;                              // "": as ours
  std::string input;                            // written to stdin, then closed
  std::chrono::milliseconds timeout{0};         // 0: none
  std::size_t output_limit = 1 << 20;           // bytes kept of each stream; more is an error
};

struct ProcessResult {
  int exit_code = 0;  // 128 + signal when it was killed
  int signal = 0;
  bool timed_out = false;
  std::string output;
  std::string errors;
};

// Throws Error{kIo} when the program cannot be started, Error{kCorrupt} when it writes more than the limit,
// Error{kCancelled} on a stop request. In every case it and its process group (its own session) are gone
// afterwards.
ProcessResult run_process(const ProcessOptions& options, const std::stop_token& stop);

}  // namespace cooper::os
