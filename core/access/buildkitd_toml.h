// The [registry."HOST"] tables of buildkitd.toml (BuildKit, docs/buildkitd.toml.md); the rest of that file is
// about a daemon.
#pragma once

#include "access/route_set.h"
#include "access/toml_document.h"

namespace cooper::access {

// Throws Error{kUsage} with file and line.
void add_buildkitd_toml(const TomlDocument& document, RouteSet& set, const Note& note);

}  // namespace cooper::access
