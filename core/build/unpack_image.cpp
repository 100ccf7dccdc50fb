#include "build/unpack_image.h"

#include <fmt/format.h>
#include <thread>

#include "base/error.h"
#include "exporter/tree.h"
#include "os/list_directory.h"
#include "transfer/inspect.h"
#include "transfer/store_place.h"

namespace cooper::build {
namespace {

void require_empty(const std::string& directory) {
  if (os::list_directory(directory).empty()) return;
  throw base::Error(base::ErrorKind::kUsage, fmt::format("'{}' is not empty", directory))
      .hint("give a new directory: an image's files do not mix with others");
}

image::Image declare_image(const transfer::InspectedImage& inspected, snapshot::LayerStore& layers) {
  if (!inspected.manifest || !inspected.config) {
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("'{}' is no image with a root file system", inspected.name))
        .hint("look at it with 'cooper images'");
  }
  const std::vector<oci::Descriptor>& blobs = inspected.manifest->layers;
  if (blobs.size() != inspected.config->diff_ids.size()) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("image '{}' has {} layers, and its config names {}", inspected.name,
                                  blobs.size(), inspected.config->diff_ids.size()));
  }
  image::Image image;
  image.config = *inspected.config;
  image.manifest = *inspected.manifest;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    snapshot::SealedLayer sealed{inspected.config->diff_ids[i], blobs[i], {}};
    image.layers.push_back({layers.declare(sealed, nullptr), sealed, 0});
  }
  return image;
}

}  // namespace

std::string unpack_image(const UnpackRequest& request, Toolbox& tools, const std::stop_token& stop) {
  transfer::StorePlace place(tools.store, request.image);
  const transfer::InspectedImage inspected =
      transfer::inspect_image(place, request.platform.value_or(oci::host_platform()), stop);
  require_empty(request.directory);
  base::ThreadPool pool(std::max(1U, std::thread::hardware_concurrency()));
  snapshot::LayerStore layers(tools.store, tools.form, pool);
  exporter::BuiltImages built;
  built.images.push_back(declare_image(inspected, layers));
  exporter::TreeOutput output;
  output.destination.path = request.directory;
  output.keep_owners = request.keep_owners;
  base::ThreadPool walkers(2);
  return exporter::make_tree_exporter(std::move(output), layers, walkers)->finish(built, stop);
}

}  // namespace cooper::build
