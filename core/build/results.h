// Small reads and writes at the edges of a build: secrets in, id and metadata files out.
#pragma once

#include <optional>
#include <string>

#include "build/build.h"
#include "build/request.h"

namespace cooper::build {

// The secret's value; a file is read now, so that a missing one only matters to steps that use it. nullopt
// when the request has no such secret.
std::optional<std::string> find_secret(const BuildRequest& request, const std::string& id);

// --iidfile and --metadata-file, with buildx' keys.
void write_result_files(const BuildRequest& request, const BuildResult& result);

}  // namespace cooper::build
