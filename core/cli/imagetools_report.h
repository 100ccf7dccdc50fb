// What `docker buildx imagetools inspect` prints, and what `create` writes to --metadata-file.
#pragma once

#include <functional>
#include <string>

#include "transfer/inspect.h"

namespace cooper::cli {

// For people, in buildx's lines: name, type and digest, and of an index each manifest.
std::string render_imagetools(const transfer::InspectedImage& image);

// The config of an index's image for a platform, as JSON.
using ConfigOf = std::function<std::string(const oci::Platform& platform)>;

// A Go template over {"name", "manifest": {"mediaType", "digest", "size", …}, "image": config, or one a
// platform}. Configs of an index are fetched only where the template wants them.
std::string render_imagetools(const transfer::InspectedImage& image, const std::string& format,
                              const ConfigOf& config_of);

// JSON that says what was made: `names` are separated by commas.
std::string render_imagetools_metadata(const oci::Descriptor& image, const std::string& names);

}  // namespace cooper::cli
