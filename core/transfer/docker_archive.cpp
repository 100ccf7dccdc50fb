#include "transfer/docker_archive.h"

#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "archive/compression.h"
#include "base/error.h"
#include "oci/image_config.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "os/fd.h"
#include "transfer/find_image.h"

namespace cooper::transfer {

namespace {

using nlohmann::json;

constexpr std::size_t kConfigLimit = 16 << 20;

class Reader {
 public:
  Reader(const store::Store& store, const ArchiveMembers& members, const std::string& what)
      : store_(store), members_(members), what_(what) {}

  DockerImage read(const json& entry) const {
    oci::Manifest manifest;
    manifest.media_type = oci::kMediaTypeManifest;
    manifest.config = find(entry.at("Config").get<std::string>());
    manifest.config.media_type = oci::kMediaTypeConfig;
    const oci::ImageConfig config =
        oci::ImageConfig::parse(os::read_file(store_.blob_path(manifest.config.digest), kConfigLimit));
    for (const json& path : entry.at("Layers")) manifest.layers.push_back(find(path.get<std::string>()));
    if (manifest.layers.size() != config.diff_ids.size()) {
      throw corrupt(fmt::format("has {} layers, and its config names {}", manifest.layers.size(),
                                config.diff_ids.size()));
    }
    for (std::size_t i = 0; i < manifest.layers.size(); ++i)
      check_layer(manifest.layers[i], config.diff_ids[i]);
    manifest.serialize();
    store_.put_blob(manifest.raw);
    return {manifest.descriptor(), names_of(entry)};
  }

 private:
  base::Error corrupt(const std::string& how) const {
    return base::Error(base::ErrorKind::kCorrupt, fmt::format("image archive '{}' {}", what_, how))
        .hint("write the archive again");
  }

  oci::Descriptor find(const std::string& path) const {
    std::optional<oci::Descriptor> blob = members_.blob(path);
    if (!blob) throw corrupt(fmt::format("names '{}', which it does not have", path));
    return std::move(*blob);
  }

  // A compressed layer is compared with its config where it is unpacked.
  void check_layer(oci::Descriptor& layer, const base::Digest& diff_id) const {
    std::array<std::byte, 8> start{};
    os::FileSource file(store_.open_blob(layer.digest), layer.digest.str());
    const std::size_t count = file.read(start);
    const oci::Compression compression = archive::sniff_compression(base::ByteSpan(start).first(count));
    layer.media_type = oci::layer_media_type(compression);
    if (compression == oci::Compression::kNone && layer.digest != diff_id) {
      throw corrupt(
          fmt::format("has the layer '{}' where its config says '{}'", layer.digest.str(), diff_id.str()));
    }
  }

  static std::vector<std::string> names_of(const json& entry) {
    std::vector<std::string> names;
    auto tags = entry.find("RepoTags");
    if (tags == entry.end() || !tags->is_array()) return names;
    for (const json& tag : *tags) names.push_back(canonical_name(tag.get<std::string>()));
    return names;
  }

  const store::Store& store_;
  const ArchiveMembers& members_;
  const std::string& what_;
};

}  // namespace

std::vector<DockerImage> read_docker_archive(const store::Store& store, const ArchiveMembers& members,
                                             const std::string& manifest_json, const std::string& what) {
  const Reader reader(store, members, what);
  std::vector<DockerImage> images;
  try {
    for (const json& entry : json::parse(manifest_json)) images.push_back(reader.read(entry));
  } catch (const json::exception&) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("manifest.json of '{}' is not what it should be", what))
        .hint("write the archive again");
  }
  return images;
}

}  // namespace cooper::transfer
