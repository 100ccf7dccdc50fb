// A git repository as build context: from the URL that a user wrote to the source that is fetched.
#pragma once

#include <map>
#include <string>

#include "graph/op.h"

namespace cooper::build {

// `url` with "#ref:subdir" or "?ref=…&subdir=…". The build argument BUILDKIT_CONTEXT_KEEP_GIT_DIR asks for
// .git, as the URL may. Throws Error{kContext} for what is no repository, Error{kUsage} for an argument that
// is no boolean.
graph::GitSource git_context_source(const std::string& url,
                                    const std::map<std::string, std::string>& build_args);

}  // namespace cooper::build
