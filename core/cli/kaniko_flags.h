// Every flag of Kaniko's executor and of its warmer, those of its forks among them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/kaniko_flag.h"

namespace cooper::cli {

const KanikoFlagTable& kaniko_flags();
const KanikoFlagTable& warmer_flags();

// Variables of Kaniko's that are no flag's and have no meaning here; those of the environment that are set.
std::vector<std::string> variables_without_meaning(const std::map<std::string, std::string>& environment);

}  // namespace cooper::cli
