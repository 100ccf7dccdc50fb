// docker buildx create, use, inspect, ls, rm, stop, install, uninstall: what scripts do about builders.
#pragma once

#include <vector>

#include "cli/verb.h"

namespace cooper::cli {

std::vector<Verb> add_builder_verbs(Command buildx);
// --builder NAME, which chooses among one.
void add_builder_flag(Command command);

}  // namespace cooper::cli
