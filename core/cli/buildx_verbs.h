// cooper buildx: the commands of docker's buildx plugin, for scripts that call them (docker_plugin.h).
//
// Builds run in this process, so there is no builder to be made, chosen or stopped: what scripts do about
// builders before they build succeeds, and says so.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace cooper::cli {

std::vector<Verb> add_buildx_verbs(Command program);

}  // namespace cooper::cli
