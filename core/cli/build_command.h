// cooper build.
#pragma once

#include "cli/build_flags.h"
#include "cli/environment.h"

namespace cooper::cli {

// Runs the build and shows it on standard error; the image id goes to standard output with --quiet. Returns
// the exit code.
int run_build_command(const BuildFlags& flags, const Environment& environment);

}  // namespace cooper::cli
