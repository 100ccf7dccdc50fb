// cooper kaniko: Kaniko's executor, as far as its command line, its files and its exit codes go.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"

namespace cooper::cli {

// `arguments` without the program's name. Returns Kaniko's exit codes: 0; the code of a RUN that failed; 1
// for anything else; 128 and the signal when one came. Prints its own errors.
int run_kaniko_command(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace cooper::cli
