// A build from request to result: the list of passes.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "build/request.h"
#include "build/toolbox.h"
#include "oci/descriptor.h"

namespace cooper::build {

struct BuildResult {
  std::optional<oci::Descriptor> image;           // what outputs of an image name: manifest, or index
  std::optional<base::Digest> config_digest;      // of the only image
  std::map<std::string, base::Digest> platforms;  // of an index: platform → its manifest
  std::vector<std::string> written;               // one line per output
  std::vector<std::string> unused_build_args;
  int steps_run = 0;
  int steps_cached = 0;
  std::uint64_t image_size = 0;  // bytes of all compressed layers
};

// Throws base::Error. A stop request ends it with Error{kCancelled}, nothing left running.
BuildResult run_build(const BuildRequest& request, Toolbox& tools, const std::stop_token& stop);

}  // namespace cooper::build
