// What Docker's engine is told about registries in its daemon.json: mirrors of Docker Hub, and hosts that are
// insecure (dockerd(8)).
#pragma once

#include <string>

#include "access/route_set.h"
#include "access/toml_document.h"

namespace cooper::access {

// `path` names the text. Throws Error{kUsage} with file and line.
void add_daemon_json(const std::string& path, const std::string& text, RouteSet& set);

}  // namespace cooper::access
