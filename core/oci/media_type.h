// Media types of OCI image-spec v1.1 and of Docker's image manifest v2 schema 2.
#pragma once

#include <string_view>

namespace cooper::oci {

inline constexpr std::string_view kMediaTypeIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kMediaTypeManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kMediaTypeConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kMediaTypeLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kMediaTypeLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kMediaTypeLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kMediaTypeEmpty = "application/vnd.oci.empty.v1+json";

inline constexpr std::string_view kDockerManifestList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view kDockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view kDockerForeignLayerGzip =
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

enum class Compression { kNone, kGzip, kZstd };

bool is_index(std::string_view media_type);     // either family
bool is_manifest(std::string_view media_type);  // either family
bool is_layer(std::string_view media_type);     // either family, any compression
// The compression that a layer's media type announces; throws Error{kUnsupported} for a type that is no
// layer.
Compression layer_compression(std::string_view media_type);
std::string_view layer_media_type(Compression compression);  // OCI family
std::string_view docker_layer_media_type(
    Compression compression);  // Docker family; zstd has none: throws kUnsupported

}  // namespace cooper::oci
