#include "registry/pull.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "oci/media_type.h"

namespace cooper::registry {

namespace {

constexpr std::size_t kConfigLimit = 16 << 20;

RawManifest fetch(Client& client, const oci::Reference& reference, const std::stop_token& stop) {
  std::optional<RawManifest> manifest = client.fetch_manifest(reference, stop);
  if (!manifest) {
    throw base::Error(base::ErrorKind::kRegistry,
                      fmt::format("image '{}' does not exist", reference.familiar()))
        .hint("check the name and the tag");
  }
  return std::move(*manifest);
}

[[noreturn]] void no_platform(const oci::Reference& reference, const oci::Platform& platform,
                              const oci::Index& index) {
  std::vector<std::string> offered;
  for (const oci::Descriptor& candidate : index.manifests) {
    if (candidate.platform && candidate.platform->os != "unknown")
      offered.push_back(candidate.platform->str());
  }
  throw base::Error(
      base::ErrorKind::kRegistry,
      fmt::format("image '{}' has nothing for platform '{}'; it has {}", reference.familiar(), platform.str(),
                  offered.empty() ? "no platform at all" : base::join(offered, ", ")))
      .hint("choose one of its platforms with --platform");
}

oci::ImageConfig fetch_config(Client& client, const oci::Reference& reference,
                              const oci::Descriptor& descriptor, const std::stop_token& stop) {
  if (descriptor.size > kConfigLimit) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("the config of '{}' has {} bytes, more than {}", reference.familiar(),
                                  descriptor.size, kConfigLimit));
  }
  std::unique_ptr<base::ByteSource> blob = client.open_blob(reference, descriptor, stop);
  return oci::ImageConfig::parse(base::read_all(*blob, kConfigLimit, "image config"));
}

}  // namespace

PulledImage pull_image(Client& client, const oci::Reference& reference, const oci::Platform& platform,
                       const std::stop_token& stop) {
  PulledImage image;
  image.reference = reference;
  RawManifest raw = fetch(client, reference, stop);
  image.named_digest = raw.digest;
  try {
    if (raw.media_type.empty()) raw.media_type = oci::document_media_type(raw.raw);
    if (oci::is_index(raw.media_type)) {
      oci::Index index = oci::Index::parse(std::move(raw.raw), raw.media_type);
      const oci::Descriptor* chosen = index.select(platform);
      if (chosen == nullptr) no_platform(reference, platform, index);
      image.reference.digest = chosen->digest;
      raw = fetch(client, image.reference, stop);
    }
    image.reference.digest = raw.digest;
    image.manifest = oci::Manifest::parse(std::move(raw.raw), raw.media_type);
    image.config = fetch_config(client, image.reference, image.manifest.config, stop);
  } catch (base::Error& error) {
    if (error.kind() == base::ErrorKind::kCorrupt)
      error.context(fmt::format("image '{}'", reference.familiar()));
    throw;
  }
  if (image.config.diff_ids.size() != image.manifest.layers.size()) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("image '{}' has {} layers but {} diffIDs", reference.familiar(),
                                  image.manifest.layers.size(), image.config.diff_ids.size()));
  }
  return image;
}

}  // namespace cooper::registry
