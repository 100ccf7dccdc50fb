// The command line: parses, sets up what builds need in the right order, and turns errors into messages and
// exit codes.
#pragma once

#include <functional>
#include <vector>

#include "cli/environment.h"

namespace CLI {
class App;
}

namespace cooper::cli {

// A sub-command that is made above this module: what CI systems need.
struct Extension {
  std::function<CLI::App*(CLI::App& program)> add;  // returns the sub-command
  std::function<int(const Environment& environment)> run;
};

// The process's exit code (docs/exit-codes.md). Single-threaded when called.
int run(int argc, char** argv, const std::vector<Extension>& extensions = {});

}  // namespace cooper::cli
