#include "transfer/list_images.h"

#include "base/error.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "oci/reference.h"
#include "os/fd.h"
#include "store/image_blobs.h"

namespace cooper::transfer {

namespace {

constexpr std::size_t kDocumentLimit = 16 << 20;

std::string read(const store::Store& store, const base::Digest& digest) {
  return os::read_file(store.blob_path(digest), kDocumentLimit);
}

void add_manifest(const store::Store& store, const oci::Descriptor& target, StoredImage& image) {
  const oci::Manifest manifest = oci::Manifest::parse(read(store, target.digest), target.media_type);
  if (manifest.config.media_type != oci::kMediaTypeConfig && manifest.config.media_type != oci::kDockerConfig)
    return;
  const oci::ImageConfig config = oci::ImageConfig::parse(read(store, manifest.config.digest));
  // What attests to an image is for no platform.
  if (config.platform.os == "unknown") return;
  image.platforms.push_back(config.platform.str());
  if (!image.created) image.created = oci::parse_rfc3339(config.created);
}

void add_target(const store::Store& store, const oci::Descriptor& target, StoredImage& image) {
  if (!oci::is_index(target.media_type)) return add_manifest(store, target, image);
  for (const oci::Descriptor& one :
       oci::Index::parse(read(store, target.digest), target.media_type).manifests) {
    if (oci::is_manifest(one.media_type)) add_manifest(store, one, image);
  }
}

void add_name(const std::string& name, StoredImage& image) {
  image.name = name;
  if (name.empty()) return;
  try {
    oci::Reference reference = oci::Reference::parse(name);
    image.tag = std::exchange(reference.tag, "");
    reference.digest.reset();
    image.repository = reference.familiar();
  } catch (const base::Error&) {
    image.repository = name;  // another tool's, which is no reference
  }
}

}  // namespace

std::vector<StoredImage> list_images(const store::Store& store) {
  std::vector<StoredImage> images;
  for (store::NamedImage& named : store::ImageNames(store).list()) {
    StoredImage image;
    add_name(named.name, image);
    image.target = std::move(named.target);
    const store::ImageBlobs blobs = store::blobs_of(store, image.target);
    image.size = blobs.size;
    image.is_whole = blobs.missing.empty();
    try {
      add_target(store, image.target, image);
    } catch (const base::Error&) {
      image.is_whole = false;
    }
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace cooper::transfer
