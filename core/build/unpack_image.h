// The root file system of an image in the store, in a directory.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "build/toolbox.h"
#include "oci/platform.h"

namespace cooper::build {

struct UnpackRequest {
  std::string image;                      // as transfer::find_image() takes it
  std::optional<oci::Platform> platform;  // of an index; by default that of this machine
  std::string directory;                  // made when missing; throws Error{kUsage} when it is not empty
  bool keep_owners = false;               // as the image has them, which only root can
};

// One line for people about what was written. Throws Error{kUsage} for what is not in the store.
std::string unpack_image(const UnpackRequest& request, Toolbox& tools, const std::stop_token& stop);

}  // namespace cooper::build
