// Images in an in-memory registry, and places to take them to.
#pragma once

#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <vector>

#include "oci/image_config.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "os/beneath.h"
#include "support/error_of.h"
#include "support/fake_registry.h"
#include "transfer/image_place.h"

namespace cooper::transfer {

class TransferFixture : public ::testing::Test {
 protected:
  // An image of the given layers; its manifest is there by digest and, with a tag, by name.
  oci::Manifest add_image(const std::string& repository, const std::string& platform,
                          const std::vector<std::string>& layers, const std::string& tag = "") {
    oci::ImageConfig config;
    config.platform = oci::parse_platform(platform);
    config.config.cmd = {{"/bin/app", "serve"}};
    config.config.labels["team"] = "red";
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    for (const std::string& layer : layers) {
      config.diff_ids.push_back(base::sha256(layer));
      manifest.layers.push_back(registry_.add_blob(repository, layer));
    }
    manifest.config = registry_.add_blob(repository, config.serialize(), std::string(oci::kMediaTypeConfig));
    manifest.serialize();
    const std::string digest = manifest.descriptor().digest.str();
    registry_.add_manifest(repository, tag.empty() ? digest : tag, manifest.media_type, manifest.raw);
    return manifest;
  }

  oci::Index add_index(const std::string& repository, const std::string& tag,
                       const std::vector<std::pair<std::string, oci::Manifest>>& images) {
    oci::Index index;
    index.media_type = oci::kMediaTypeIndex;
    for (const auto& [platform, manifest] : images) {
      oci::Descriptor one = manifest.descriptor();
      one.platform = oci::parse_platform(platform);
      index.manifests.push_back(std::move(one));
    }
    index.serialize();
    registry_.add_manifest(repository, tag, index.media_type, index.raw);
    return index;
  }

  std::unique_ptr<ImagePlace> place(const std::string& name) {
    return open_place(registry_.host() + "/" + name, client_);
  }
  std::unique_ptr<ImagePlace> layout(const std::string& name) {
    return open_place("oci-layout://" + directory_.path() + "/" + name, client_);
  }
  std::size_t uploads() { return registry_.server().count("PUT", "/blobs/uploads/"); }

  testing::FakeRegistry registry_;
  std::shared_ptr<registry::Client> client_ =
      registry::Client::create(net::HttpClient::create({}), nullptr, {});
  os::TempDir directory_{::testing::TempDir(), "transfer-"};
};

}  // namespace cooper::transfer
