// cooper warmer: Kaniko's warmer. Base images are fetched into a directory, an OCI image layout, from which
// later builds that are given it (--cache-dir) read them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/environment.h"
#include "oci/platform.h"

namespace cooper::cli {

// Returns Kaniko's exit codes: 0 unless every image failed. Prints its own errors.
int run_warmer_command(const std::vector<std::string>& arguments, const Environment& environment);

// The images that the stages of a Dockerfile stand on or copy from, each once, with the platform that it is
// wanted for. Throws Error{kDockerfile}.
std::vector<std::pair<std::string, oci::Platform>> images_of_all_stages(
    const std::string& dockerfile, const std::string& name, const std::vector<std::string>& build_args,
    const oci::Platform& platform);

}  // namespace cooper::cli
