#include "build/base_images.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "oci/media_type.h"

namespace cooper::build {
namespace {

constexpr std::size_t kDocumentLimit = 8 << 20;

[[noreturn]] void no_such_platform(const oci::Reference& reference, const oci::Index& index,
                                   const oci::Platform& platform) {
  std::vector<std::string> offered;
  for (const oci::Descriptor& manifest : index.manifests) {
    if (manifest.platform && manifest.platform->os != "unknown") offered.push_back(manifest.platform->str());
  }
  throw base::Error(base::ErrorKind::kRegistry,
                    fmt::format("image '{}' has no manifest for {}", reference.familiar(), platform.str()))
      .hint(fmt::format("choose --platform among {}", base::join(offered, ", ")));
}

void check_layers(const oci::Reference& reference, const oci::Manifest& manifest,
                  const oci::ImageConfig& config) {
  if (manifest.layers.size() == config.diff_ids.size()) return;
  throw base::Error(base::ErrorKind::kCorrupt,
                    fmt::format("image '{}' has {} layers in its manifest and {} in its config",
                                reference.familiar(), manifest.layers.size(), config.diff_ids.size()));
}

}  // namespace

BaseImages::BaseImages(Toolbox& tools, snapshot::LayerStore& layers, base::ThreadPool& pool,
                       std::stop_token stop)
    : tools_(tools), layers_(layers), pool_(pool), stop_(std::move(stop)) {}

// Manifests and configs are content-addressed: one that the store has is never fetched again.
std::string BaseImages::fetch_document(const oci::Reference& reference, const oci::Descriptor& document,
                                       bool is_manifest) {
  const base::Digest& digest = document.digest;
  if (tools_.store->has_blob(digest)) {
    os::Fd blob = tools_.store->open_blob(digest);
    os::FdSource source(blob.get(), digest.str());
    std::string text = base::read_all(source, kDocumentLimit, digest.str());
    if (base::sha256(text) == digest) return text;
  }
  std::string text;
  oci::Reference pinned = reference;
  pinned.digest = digest;
  if (is_manifest) {
    auto fetched = tools_.registry->fetch_manifest(pinned, stop_);
    if (!fetched) {
      throw base::Error(base::ErrorKind::kRegistry, fmt::format("manifest '{}' of image '{}' does not exist",
                                                                digest.str(), reference.familiar()));
    }
    text = std::move(fetched->raw);
  } else {
    auto source = tools_.registry->open_blob(pinned, document, stop_);
    text = base::read_all(*source, kDocumentLimit, "image config " + digest.str());
  }
  tools_.store->put_blob(text);
  return text;
}

BaseImages::Pinned BaseImages::pin(const std::string& name, const oci::Platform& platform) {
  oci::Reference reference = oci::Reference::parse(name);
  oci::Descriptor document;
  if (reference.digest) {
    document.digest = *reference.digest;
  } else {
    auto found = tools_.registry->resolve(reference, stop_);
    if (!found) {
      throw base::Error(base::ErrorKind::kRegistry,
                        fmt::format("image '{}' does not exist", reference.familiar()))
          .hint("check the name and the tag, and that you may read the repository");
    }
    document = *found;
  }
  std::string text = fetch_document(reference, document, true);
  if (oci::is_index_document(text)) {
    oci::Index index = oci::Index::parse(text);
    const oci::Descriptor* chosen = index.select(platform);
    if (chosen == nullptr) no_such_platform(reference, index, platform);
    document = *chosen;
    text = fetch_document(reference, document, true);
  }
  oci::Manifest manifest = oci::Manifest::parse(std::move(text));
  oci::ImageConfig config = oci::ImageConfig::parse(fetch_document(reference, manifest.config, false));
  check_layers(reference, manifest, config);
  reference.digest = document.digest;
  return {std::move(reference), std::move(manifest), std::move(config)};
}

dockerfile::ResolvedImage BaseImages::keep(const Pinned& image) {
  snapshot::LayerStack stack;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const oci::Descriptor& blob = image.manifest.layers[i];
    snapshot::SealedLayer sealed{image.config.diff_ids[i], blob, 0};
    auto open = [client = tools_.registry, reference = image.reference](const oci::Descriptor& descriptor,
                                                                        const std::stop_token& stop) {
      return client->open_blob(reference, descriptor, stop);
    };
    stack.push_back(layers_.declare(sealed, open));
    repositories_.emplace(blob.digest, image.reference);
  }
  base::Digest digest = *image.reference.digest;
  stacks_.insert_or_assign(digest, std::move(stack));
  return {image.reference.name() + (image.reference.tag.empty() ? "" : ":" + image.reference.tag), digest,
          image.config, std::nullopt};
}

dockerfile::ResolvedImage BaseImages::resolve(const std::string& reference, const oci::Platform& platform) {
  return keep(pin(reference, platform));
}

std::vector<dockerfile::ResolvedImage> BaseImages::resolve_all(
    const std::vector<dockerfile::BaseRequest>& requests) {
  std::vector<std::optional<Pinned>> pinned(requests.size());
  base::parallel_for(pool_, requests.size(), 1, [&](std::size_t i) {
    try {
      pinned[i] = pin(requests[i].reference, requests[i].platform);
    } catch (base::Error& error) {
      throw dockerfile::asked_by(requests[i], error);
    }
  });
  std::vector<dockerfile::ResolvedImage> resolved;
  for (const std::optional<Pinned>& image : pinned) resolved.push_back(keep(*image));
  return resolved;
}

}  // namespace cooper::build
