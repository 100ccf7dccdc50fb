// What the tiers without mounts need, to be tried (see probe_check.h).
#pragma once

#include <string>
#include <vector>

#include "sandbox/probe_check.h"

namespace cooper::sandbox {

// `work`: an absolute path, an empty directory for the checks alone.
std::vector<Check> emulated_root_checks(const std::string& work);
std::vector<Check> emulated_checks(const std::string& work);

}  // namespace cooper::sandbox
