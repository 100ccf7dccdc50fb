// The words of Kaniko's command lines, read as its flag library (Go's pflag) reads them: `--name=value`,
// `--name value`, `--name=` for an empty value, `--switch` and `--switch=false`, `-xvalue`, `-x=value`,
// `-x value`, and `--` before what is no flag.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"
#include "cli/kaniko_flag.h"

namespace cooper::cli {

struct KanikoArguments {
  KanikoSettings settings;
  std::vector<std::string> words;  // what is no flag, in order
  bool wants_help = false;
};

// Flags, and variables for those that were not given; of lists the variable counts, too. Throws
// Error{kUsage}: for a flag that does not exist with the nearest that does, for a value that is none, and for
// what is refused with the way out.
KanikoArguments parse_kaniko_arguments(const std::vector<std::string>& arguments,
                                       const KanikoFlagTable& table, const Environment& environment);

}  // namespace cooper::cli
