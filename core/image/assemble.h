// From a lowered config and sealed layers to the image: config and manifest, byte for byte reproducible.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "image/annotations.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "snapshot/layer.h"

namespace cooper::image {

struct ImageLayer {
  snapshot::LayerPtr layer;
  snapshot::SealedLayer sealed;
  std::int64_t created = 0;  // seconds since the epoch; 0 for layers of the base
};

struct Image {
  oci::ImageConfig config;
  std::string config_json;
  oci::Manifest manifest;
  std::map<std::string, std::string> descriptor_annotations;  // of what points at the manifest
  std::vector<ImageLayer> layers;                             // base first
};

struct AssembleOptions {
  std::optional<std::int64_t> epoch;  // SOURCE_DATE_EPOCH: the time of image and history
  std::int64_t now = 0;               // used where nothing else gives a time
  bool docker_media_types = false;
  std::vector<Annotation> annotations;
};

// Fills diffIDs and times of `config` and makes the manifest. New history entries (those without a time) get
// the epoch, else the time of their layer; entries without a layer that of the layer before them. Throws
// Error{kInternal} when history and layers do not agree in number.
Image assemble(oci::ImageConfig config, std::vector<ImageLayer> layers, const AssembleOptions& options);

// The index over images of several platforms, in their order.
oci::Index join(const std::vector<Image>& images, const AssembleOptions& options);

}  // namespace cooper::image
