// Built images of real layers, for the tests of exporters.
#pragma once

#include "exporter/exporter.h"
#include "support/error_of.h"
#include "support/layer_fixture.h"

namespace cooper::exporter {

class ExporterFixture : public support::LayerFixture {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  // An image of layers with what `tars` list, each declared with its blob.
  image::Image image(const std::vector<support::LayerTar>& tars,
                     const std::string& platform = "linux/amd64") {
    std::vector<image::ImageLayer> layers;
    oci::ImageConfig config;
    config.platform = oci::parse_platform(platform);
    for (const support::LayerTar& tar : tars) {
      support::Blob blob = support::make_blob(tar.bytes());
      layers.push_back({declare(blob), blob.sealed, 100});
      oci::History entry;
      entry.comment = "buildkit.dockerfile.v0";
      config.history.push_back(entry);
    }
    return image::assemble(std::move(config), std::move(layers), {});
  }
  static BuiltImages built(std::vector<image::Image> images) {
    BuiltImages all{std::move(images), std::nullopt};
    if (all.images.size() > 1) all.index = image::join(all.images, {});
    return all;
  }
  // What the build does: every layer as it is sealed, then the end.
  static std::string run(Exporter& exporter, const BuiltImages& all) {
    for (const image::Image& one : all.images) {
      for (const image::ImageLayer& layer : one.layers) {
        if (auto receiver = exporter.receive_layer(layer.layer, {})) receiver->complete(layer.sealed);
      }
    }
    return exporter.finish(all, {});
  }
};

}  // namespace cooper::exporter
