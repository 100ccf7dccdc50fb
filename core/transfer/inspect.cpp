#include "transfer/inspect.h"

#include "oci/media_type.h"
#include "transfer/image_tree.h"

namespace cooper::transfer {

namespace {

constexpr std::size_t kConfigLimit = 16 << 20;

}  // namespace

InspectedImage inspect_image(ImagePlace& place, const std::optional<oci::Platform>& platform,
                             const std::stop_token& stop) {
  InspectedImage image;
  image.name = place.shown();
  image.document = find_root(place, stop);
  if (platform) image.document = narrow_to(place, std::move(image.document), *platform, stop);
  if (oci::is_index(image.document.media_type)) {
    image.index = oci::Index::parse(image.document.raw, image.document.media_type);
    return image;
  }
  image.manifest = oci::Manifest::parse(image.document.raw, image.document.media_type);
  const oci::Descriptor& config = image.manifest->config;
  std::unique_ptr<base::ByteSource> blob = place.open_blob(config, stop);
  image.config_json = base::read_all(*blob, kConfigLimit, "image config");
  if (config.media_type == oci::kMediaTypeConfig || config.media_type == oci::kDockerConfig)
    image.config = oci::ImageConfig::parse(image.config_json);
  return image;
}

}  // namespace cooper::transfer
