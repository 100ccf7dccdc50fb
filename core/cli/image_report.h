// What `cooper image inspect` says.
#pragma once

#include <string>

#include "transfer/inspect.h"

namespace cooper::cli {

// For people: name, digest and type; of an index its images, of an image what runs and what it is made of.
std::string render_image(const transfer::InspectedImage& image);
// {"name","digest","mediaType","size", and "manifests" or "config","layers",…}: field names as OCI has them.
std::string render_image_json(const transfer::InspectedImage& image);

}  // namespace cooper::cli
