// What the tiers with mounts need, to be tried (see probe_check.h).
#pragma once

#include <string>
#include <vector>

#include "sandbox/probe_check.h"

namespace cooper::sandbox {

// `work`: an absolute path, an empty directory for the checks alone.
std::vector<Check> privileged_checks(const std::string& work);
std::vector<Check> user_namespace_checks(const std::string& work);
// Namespaces with one id, for steps that need no mounts.
std::vector<Check> namespace_checks(const std::string& work);
// What a range of ids needs beyond that.
std::vector<Check> range_checks();

}  // namespace cooper::sandbox
