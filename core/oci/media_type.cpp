#include "oci/media_type.h"

#include <array>
#include <fmt/format.h>
#include <utility>

#include "base/error.h"

namespace cooper::oci {

namespace {

// Every layer type in use, with what it is compressed by. "nondistributable" and "foreign" layers carry their
// bytes under urls but are read like the others.
constexpr std::array<std::pair<std::string_view, Compression>, 11> kLayerTypes = {{
    {kMediaTypeLayer, Compression::kNone},
    {kMediaTypeLayerGzip, Compression::kGzip},
    {kMediaTypeLayerZstd, Compression::kZstd},
    {kDockerLayer, Compression::kNone},
    {kDockerLayerGzip, Compression::kGzip},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", Compression::kZstd},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar", Compression::kNone},
    {kDockerForeignLayerGzip, Compression::kGzip},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar", Compression::kNone},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Compression::kGzip},
    {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Compression::kZstd},
}};

const Compression* find_layer(std::string_view media_type) {
  for (const auto& [type, compression] : kLayerTypes) {
    if (type == media_type) return &compression;
  }
  return nullptr;
}

}  // namespace

bool is_index(std::string_view media_type) {
  return media_type == kMediaTypeIndex || media_type == kDockerManifestList;
}

bool is_manifest(std::string_view media_type) {
  return media_type == kMediaTypeManifest || media_type == kDockerManifest;
}

bool is_layer(std::string_view media_type) {
  return find_layer(media_type) != nullptr;
}

Compression layer_compression(std::string_view media_type) {
  const Compression* compression = find_layer(media_type);
  if (compression == nullptr) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      fmt::format("media type '{}' is not an image layer", media_type));
  }
  return *compression;
}

std::string_view layer_media_type(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return kMediaTypeLayer;
    case Compression::kGzip:
      return kMediaTypeLayerGzip;
    case Compression::kZstd:
      return kMediaTypeLayerZstd;
  }
  return kMediaTypeLayer;
}

std::string_view docker_layer_media_type(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return kDockerLayer;
    case Compression::kGzip:
      return kDockerLayerGzip;
    case Compression::kZstd:
      break;
  }
  throw base::Error(base::ErrorKind::kUnsupported, "docker media types have no zstd layers")
      .hint("use oci-mediatypes=true or another compression");
}

}  // namespace cooper::oci
