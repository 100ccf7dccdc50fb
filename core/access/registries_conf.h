// containers-registries.conf(5), version 2: what podman, buildah and skopeo know about registries.
//
// Read are [[registry]] tables and their mirrors. Short names always mean docker.io here, so that a
// Dockerfile means the same everywhere: unqualified-search-registries, short-name-mode and aliases are not
// used.
#pragma once

#include "access/route_set.h"
#include "access/toml_document.h"

namespace cooper::access {

// Adds the file's tables to `set`; one with a prefix that is there already takes its place, as drop-in files
// do. Throws Error{kUsage} with file and line.
void add_registries_conf(const TomlDocument& document, RouteSet& set, const Note& note);

}  // namespace cooper::access
