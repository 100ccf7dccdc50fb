// From --output to exporters.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "build/base_images.h"
#include "build/request.h"
#include "build/toolbox.h"
#include "exporter/exporter.h"
#include "snapshot/layer_store.h"

namespace cooper::build {

struct Outputs {
  std::vector<std::unique_ptr<exporter::Exporter>> exporters;
  snapshot::SealOptions seal;         // how layers are compressed, the same for all outputs
  std::optional<std::int64_t> epoch;  // of image and history, the same for all outputs
  bool docker_media_types = false;
  bool needs_image() const;
};

// Checks every output before anything is built. Throws Error{kUsage} naming the output and the attribute.
Outputs open_outputs(const BuildRequest& request, Toolbox& tools, snapshot::LayerStore& layers,
                     base::ThreadPool& pool, const BaseImages& bases, std::optional<std::int64_t> epoch);

}  // namespace cooper::build
