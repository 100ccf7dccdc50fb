// What CI systems put into the variables of every job, as a pure function of them.
//
// GitLab, "Predefined CI/CD variables reference" and its integration of Harbor; GitHub, "Default environment
// variables".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "access/named_credentials.h"

namespace cooper::access {

// In the order in which they are to be tried.
std::vector<NamedCredential> ci_credentials(const std::map<std::string, std::string>& environment);

}  // namespace cooper::access
