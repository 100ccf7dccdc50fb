// A sub-command that brings its own flags: what it is called by, and what it does.
#pragma once

#include <functional>

#include "cli/arguments.h"
#include "cli/environment.h"

namespace cooper::cli {

struct Verb {
  Command command;
  std::function<int(const Environment& environment)> run;  // the exit code
};

}  // namespace cooper::cli
