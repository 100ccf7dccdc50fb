// Where finished images go. One interface, one implementation per kind of output.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "image/assemble.h"
#include "image/sealer.h"
#include "oci/manifest.h"
#include "oci/platform.h"
#include "snapshot/layer.h"

namespace cooper::exporter {

// What a build made: one image per platform, and the index over them when there are several.
struct BuiltImages {
  std::vector<image::Image> images;
  std::optional<oci::Index> index;
  std::map<std::string, std::string> index_descriptor_annotations = {};
  // A result per platform was asked for: there is an index and a folder for each, even of one.
  bool multi_platform = false;

  // What the outside names: the index, else the only image's manifest.
  oci::Descriptor target() const;
};

class Exporter {
 public:
  virtual ~Exporter() = default;

  // Whether finish() needs config, manifest and layer blobs (an image), or only the file tree.
  virtual bool needs_image() const = 0;
  // What takes a layer of the final image while it is sealed; called from several threads while the build
  // goes on. Null when this output takes no blobs.
  virtual std::unique_ptr<image::LayerReceiver> receive_layer(const snapshot::LayerPtr& layer,
                                                              const std::stop_token& stop) = 0;
  // It is certain now that the image is one that was never made before: what is known of it can go out.
  // Called any number of times, from any thread, and quick.
  virtual void expect_new_image() {}
  // Everything is there. Returns one line for people about what was written where.
  virtual std::string finish(const BuiltImages& built, const std::stop_token& stop) = 0;
};

}  // namespace cooper::exporter
