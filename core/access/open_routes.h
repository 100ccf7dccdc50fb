// Everything that says where registries really are and how they are spoken to, read once.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "registry/routes.h"

namespace cooper::access {

struct RouteOptions {
  std::map<std::string, std::string> environment;  // where files of the user's are
};

// Throws Error{kUsage} naming the flag or the file, its line where it has one, and what is wrong.
std::shared_ptr<const registry::Routes> open_routes(const RouteOptions& options);

}  // namespace cooper::access
