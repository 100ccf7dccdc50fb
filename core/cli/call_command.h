// cooper build --call=…, --check: says something about the build instead of running it.
#pragma once

#include "cli/build_flags.h"
#include "cli/environment.h"

namespace cooper::cli {

// The answer goes to standard output, progress and errors to standard error. Returns the exit code: 1 when a
// check found something, unless its status is to be ignored.
int run_call_command(const CallFlag& call, const BuildFlags& flags, const Environment& environment);

}  // namespace cooper::cli
