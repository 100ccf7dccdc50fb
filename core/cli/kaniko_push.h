// `executor push IMAGE -d NAME…`: an image that a build saved (a tar, or a directory in OCI layout) onto
// registries, as it is.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"
#include "cli/kaniko_settings.h"

namespace cooper::cli {

// `words`: what stands behind `push` and is no flag. Returns the exit code. Throws Error{kUsage} for what
// cannot be meant, Error{kContext} for what is no image.
int run_kaniko_push(const std::vector<std::string>& words, const KanikoSettings& settings,
                    const Environment& environment);

}  // namespace cooper::cli
