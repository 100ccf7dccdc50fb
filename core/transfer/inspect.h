// What a name means, read as far as people ask: an index with its images, or an image with its config.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "oci/image_config.h"
#include "oci/manifest.h"
#include "oci/platform.h"
#include "transfer/image_place.h"

namespace cooper::transfer {

struct InspectedImage {
  std::string name;
  registry::RawManifest document;          // what the name means, or the platform's manifest
  std::optional<oci::Index> index;         // either this
  std::optional<oci::Manifest> manifest;   // or that
  std::string config_json;                 // of the manifest; "" for an index
  std::optional<oci::ImageConfig> config;  // nullopt for an artifact, whose config is none of an image
  std::vector<oci::Descriptor> referrers;  // to the document, where they were asked for
};

// With a platform: that image of an index. Throws Error{kRegistry} for what does not exist, or not for the
// platform.
InspectedImage inspect_image(ImagePlace& place, const std::optional<oci::Platform>& platform,
                             const std::stop_token& stop);

}  // namespace cooper::transfer
