#include "image/assemble.h"

#include <fmt/format.h>

#include "base/error.h"
#include "oci/media_type.h"

namespace cooper::image {
namespace {

void check_history(const oci::ImageConfig& config, std::size_t layers) {
  std::size_t with_layer = 0;
  for (const oci::History& entry : config.history) with_layer += entry.empty_layer ? 0 : 1;
  // A base may come without history; what this build adds is complete.
  if (with_layer <= layers) return;
  throw base::Error(base::ErrorKind::kInternal,
                    fmt::format("history speaks of {} layers, the image has {}", with_layer, layers));
}

std::int64_t first_new_time(const std::vector<ImageLayer>& layers, std::int64_t otherwise) {
  for (const ImageLayer& layer : layers) {
    if (layer.created != 0) return layer.created;
  }
  return otherwise;
}

// Walks history and layers from the end, where both are known to be complete.
void fill_times(oci::ImageConfig& config, const std::vector<ImageLayer>& layers,
                const AssembleOptions& options) {
  std::size_t with_layer = 0;
  for (const oci::History& entry : config.history) with_layer += entry.empty_layer ? 0 : 1;
  std::size_t next = layers.size() - with_layer;
  std::int64_t latest = first_new_time(layers, options.now);
  for (oci::History& entry : config.history) {
    bool is_new = entry.created.empty() && entry.comment == "buildkit.dockerfile.v0";
    if (!entry.empty_layer) {
      if (layers[next].created != 0) latest = layers[next].created;
      ++next;
    }
    if (is_new) entry.created = oci::rfc3339(options.epoch.value_or(latest));
  }
  config.created = oci::rfc3339(options.epoch.value_or(latest));
}

oci::Descriptor config_descriptor(const std::string& json, bool docker) {
  oci::Descriptor descriptor;
  descriptor.media_type = docker ? oci::kDockerConfig : oci::kMediaTypeConfig;
  descriptor.digest = base::sha256(json);
  descriptor.size = json.size();
  return descriptor;
}

oci::Descriptor layer_descriptor(oci::Descriptor blob, bool docker) {
  oci::Compression compression = oci::layer_compression(blob.media_type);
  blob.media_type = docker ? oci::docker_layer_media_type(compression) : oci::layer_media_type(compression);
  blob.annotations.clear();
  return blob;
}

}  // namespace

Image assemble(oci::ImageConfig config, std::vector<ImageLayer> layers, const AssembleOptions& options) {
  check_history(config, layers.size());
  fill_times(config, layers, options);
  Image image;
  config.diff_ids.clear();
  for (const ImageLayer& layer : layers) {
    config.diff_ids.push_back(layer.sealed.diff_id);
    image.manifest.layers.push_back(layer_descriptor(layer.sealed.blob, options.docker_media_types));
  }
  image.config = std::move(config);
  image.config_json = image.config.serialize();
  image.manifest.media_type = options.docker_media_types ? oci::kDockerManifest : oci::kMediaTypeManifest;
  image.manifest.config = config_descriptor(image.config_json, options.docker_media_types);
  const oci::Platform& platform = image.config.platform;
  image.manifest.annotations = annotations_at(options.annotations, AnnotationPlace::kManifest, platform);
  image.descriptor_annotations =
      annotations_at(options.annotations, AnnotationPlace::kManifestDescriptor, platform);
  image.manifest.serialize();
  image.layers = std::move(layers);
  return image;
}

oci::Index join(const std::vector<Image>& images, const AssembleOptions& options) {
  oci::Index index;
  index.annotations = annotations_at(options.annotations, AnnotationPlace::kIndex);
  index.media_type = options.docker_media_types ? oci::kDockerManifestList : oci::kMediaTypeIndex;
  for (const Image& image : images) {
    oci::Descriptor descriptor = image.manifest.descriptor();
    descriptor.platform = image.config.platform;
    descriptor.annotations = image.descriptor_annotations;
    index.manifests.push_back(std::move(descriptor));
  }
  index.serialize();
  return index;
}

}  // namespace cooper::image
