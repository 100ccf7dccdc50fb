// From a name to a pinned image: index, platform choice, manifest, config.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "oci/image_config.h"
#include "oci/manifest.h"
#include "oci/platform.h"
#include "oci/reference.h"
#include "registry/client.h"

namespace cooper::registry {

struct PulledImage {
  oci::Reference reference;   // with the manifest's digest
  base::Digest named_digest;  // of what the reference named: an index, or the manifest itself
  oci::Manifest manifest;
  oci::ImageConfig config;
};

// Throws Error{kRegistry} when the image or the platform does not exist (naming the platforms there are),
// Error{kCorrupt} when config and manifest contradict each other (number of diffIDs and layers). Fetches no
// layer.
PulledImage pull_image(Client& client, const oci::Reference& reference, const oci::Platform& platform,
                       const std::stop_token& stop);

}  // namespace cooper::registry
