// A sub-command that brings its own flags: what it is called by, and what it does.
#pragma once

#include <functional>

#include "cli/environment.h"

namespace CLI {
class App;
}

namespace cooper::cli {

struct Verb {
  CLI::App* command = nullptr;                             // owned by the program's parser
  std::function<int(const Environment& environment)> run;  // the exit code
};

}  // namespace cooper::cli
