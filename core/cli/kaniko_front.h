// What both of Kaniko's programs do around their work: errors become messages and Kaniko's exit codes.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"

namespace cooper::cli {

// The code of a RUN that failed; 1 for anything else.
int kaniko_exit_code(const base::Error& error);
// Calls `work`, which returns the exit code; prints what it throws.
int run_as_kaniko(const std::function<int()>& work);
void print_kaniko_warning(const std::string& line);

}  // namespace cooper::cli
