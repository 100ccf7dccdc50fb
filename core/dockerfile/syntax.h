// Which frontend a Dockerfile asks for: "# syntax=docker/dockerfile:1", or the build argument
// BUILDKIT_SYNTAX, which goes before it.
//
// BuildKit would pull that image and let it read the file. Here the built-in reader of the language answers
// for docker/dockerfile of version 1, whatever its tag or digest; nothing is pulled, and anything else is an
// error.
#pragma once

#include <map>
#include <string>

#include "dockerfile/ast.h"

namespace cooper::dockerfile {

inline constexpr const char* kFrontendVersion = "1.26";

// The reference that the built-in frontend answers for, "" when none is asked for. Throws Error{kUnsupported}
// for any other frontend, with its line when the file names it.
std::string accept_frontend(const Source& source, const std::map<std::string, std::string>& build_args);

}  // namespace cooper::dockerfile
