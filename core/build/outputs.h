// From --output to exporters.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "build/request.h"
#include "build/toolbox.h"
#include "exporter/exporter.h"
#include "oci/reference.h"
#include "registry/blob_places.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

// SOURCE_DATE_EPOCH, seconds: what newer times become, of image and history, and of files.
struct Epochs {
  std::optional<std::int64_t> image;
  std::optional<std::int64_t> files;

  bool operator==(const Epochs&) const = default;
};

struct Outputs {
  std::vector<std::unique_ptr<exporter::Exporter>> exporters;
  snapshot::SealOptions seal;         // how layers are compressed, the same for all outputs
  std::optional<std::int64_t> epoch;  // of image and history, the same for all outputs
  bool docker_media_types = false;
  bool makes_image = false;  // type=image: its digest is wanted even when it goes nowhere

  bool needs_image() const;
};

// What the outputs work with.
struct OutputWorld {
  Toolbox& tools;
  snapshot::LayerStore& layers;
  base::ThreadPool& pool;
  std::shared_ptr<registry::BlobPlaces> places;
};

// The names that outputs push to, as far as they have any.
std::vector<oci::Reference> push_targets(const BuildRequest& request);

// Checks every output before anything is built. Throws Error{kUsage} naming the output and the attribute.
Outputs open_outputs(const BuildRequest& request, const OutputWorld& world, const Epochs& epochs);

}  // namespace cooper::build
