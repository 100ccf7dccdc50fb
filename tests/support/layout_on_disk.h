// An OCI image layout on disk, written by hand.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "oci/image_config.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "support/layer_fixture.h"

namespace cooper::support {

class LayoutOnDisk {
 public:
  explicit LayoutOnDisk(std::string root) : root_(std::move(root)) {
    std::filesystem::create_directories(root_ + "/blobs/sha256");
  }
  const std::string& path() const { return root_; }
  std::string blob_path(const base::Digest& digest) const { return root_ + "/blobs/sha256/" + digest.hex(); }
  oci::Descriptor put(std::string_view media_type, const std::string& bytes) {
    oci::Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = base::sha256(bytes);
    descriptor.size = bytes.size();
    std::ofstream(blob_path(descriptor.digest), std::ios::binary) << bytes;
    return descriptor;
  }
  // An image of one layer, that holds the one file `name`.
  oci::Descriptor add_image(const std::string& name, const std::string& platform = "linux/amd64") {
    support::Blob layer = support::make_blob(LayerTar().file(name, "content").bytes());
    put(layer.sealed.blob.media_type, layer.bytes);
    oci::ImageConfig config;
    config.platform = oci::parse_platform(platform);
    config.diff_ids = {layer.sealed.diff_id};
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    manifest.config = put(oci::kMediaTypeConfig, config.serialize());
    manifest.layers = {layer.sealed.blob};
    manifest.serialize();
    return put(oci::kMediaTypeManifest, manifest.raw);
  }
  // Lists `manifest` in index.json under a tag, "" for none.
  void list(oci::Descriptor manifest, const std::string& tag = "", const std::string& platform = "") {
    if (!tag.empty()) manifest.annotations["org.opencontainers.image.ref.name"] = tag;
    if (!platform.empty()) manifest.platform = oci::parse_platform(platform);
    index_.media_type = oci::kMediaTypeIndex;
    index_.manifests.push_back(std::move(manifest));
    index_.serialize();
    std::ofstream(root_ + "/index.json") << index_.raw;
  }

 private:
  std::string root_;
  oci::Index index_;
};

}  // namespace cooper::support
