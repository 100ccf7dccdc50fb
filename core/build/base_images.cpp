#include "build/base_images.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "oci/media_type.h"
#include "transfer/oci_layout.h"

namespace cooper::build {
namespace {

constexpr std::size_t kDocumentLimit = 8 << 20;

[[noreturn]] void no_such_platform(const std::string& image, const oci::Index& index,
                                   const oci::Platform& platform) {
  std::vector<std::string> offered;
  for (const oci::Descriptor& manifest : index.manifests) {
    if (manifest.platform && manifest.platform->os != "unknown") offered.push_back(manifest.platform->str());
  }
  throw base::Error(base::ErrorKind::kRegistry,
                    fmt::format("image '{}' has no manifest for {}", image, platform.str()))
      .hint(fmt::format("choose --platform among {}", base::join(offered, ", ")));
}

void check_layers(const std::string& image, const oci::Manifest& manifest, const oci::ImageConfig& config) {
  if (manifest.layers.size() == config.diff_ids.size()) return;
  throw base::Error(base::ErrorKind::kCorrupt,
                    fmt::format("image '{}' has {} layers in its manifest and {} in its config", image,
                                manifest.layers.size(), config.diff_ids.size()));
}

}  // namespace

BaseImages::BaseImages(Toolbox& tools, snapshot::LayerStore& layers, base::ThreadPool& pool,
                       std::stop_token stop)
    : tools_(tools),
      warm_(std::make_shared<const WarmBlobs>(tools.warm_layouts)),
      layers_(layers),
      pool_(pool),
      stop_(std::move(stop)) {}

std::optional<std::int64_t> BaseImages::created(const base::Digest& manifest) const {
  const auto found = created_.find(manifest);
  return found == created_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> BaseImages::newest_created() const {
  std::optional<std::int64_t> newest;
  for (const auto& [manifest, time] : created_) newest = std::max(newest.value_or(time), time);
  return newest;
}

// Manifests and configs are content-addressed: one that the store has is never fetched again.
std::string BaseImages::read_document(const Origin& origin, const oci::Descriptor& document,
                                      bool is_manifest) const {
  const base::Digest& digest = document.digest;
  if (tools_.store->has_blob(digest)) {
    os::Fd blob = tools_.store->open_blob(digest);
    os::FdSource source(blob.get(), digest.str());
    std::string text = base::read_all(source, kDocumentLimit, digest.str());
    if (base::sha256(text) == digest) return text;
  }
  if (auto source = warm_->open(digest)) {
    std::string text = base::read_all(*source, kDocumentLimit, digest.str());
    tools_.store->put_blob(text);
    return text;
  }
  std::string text = origin.read_document(document, is_manifest);
  tools_.store->put_blob(text);
  return text;
}

std::string BaseImages::read_from_registry(const oci::Reference& reference, const oci::Descriptor& document,
                                           bool is_manifest) const {
  oci::Reference pinned = reference;
  pinned.digest = document.digest;
  if (!is_manifest) {
    auto source = tools_.registry->open_blob(pinned, document, stop_);
    return base::read_all(*source, kDocumentLimit, "image config " + document.digest.str());
  }
  auto fetched = tools_.registry->fetch_manifest(pinned, stop_);
  if (fetched) return std::move(fetched->raw);
  throw base::Error(base::ErrorKind::kRegistry, fmt::format("manifest '{}' of image '{}' does not exist",
                                                            document.digest.str(), reference.familiar()));
}

BaseImages::Origin BaseImages::in_registry(const std::string& name) {
  oci::Reference reference = oci::Reference::parse(name);
  Origin origin;
  if (reference.digest) {
    origin.document.digest = *reference.digest;
  } else {
    auto found = tools_.registry->resolve(reference, stop_);
    if (!found) {
      throw base::Error(base::ErrorKind::kRegistry,
                        fmt::format("image '{}' does not exist", reference.familiar()))
          .hint("check the name and the tag, and that you may read the repository");
    }
    origin.document = *found;
  }
  origin.shown = reference.familiar();
  origin.canonical = reference.name() + (reference.tag.empty() ? "" : ":" + reference.tag);
  origin.read_document = [this, reference](const oci::Descriptor& document, bool is_manifest) {
    return read_from_registry(reference, document, is_manifest);
  };
  origin.open_blob = [client = tools_.registry, warm = warm_, reference](
                         const oci::Descriptor& blob,
                         const std::stop_token& stop) -> std::unique_ptr<base::ByteSource> {
    if (auto here = warm->open(blob.digest)) return here;
    return client->open_blob(reference, blob, stop);
  };
  origin.repository = std::move(reference);
  return origin;
}

BaseImages::Origin BaseImages::in_layout(const std::string& text, const oci::Platform& platform) {
  transfer::LayoutName name = transfer::LayoutName::parse(text);
  auto layout = std::make_shared<const transfer::OciLayout>(name);
  Origin origin;
  origin.document = layout->resolve(platform);
  origin.shown = name.str();
  name.digest.reset();
  origin.canonical = name.str();
  origin.read_document = [layout](const oci::Descriptor& document, bool) {
    return layout->read_document(document.digest);
  };
  origin.open_blob = [layout](const oci::Descriptor& blob, const std::stop_token&) {
    return layout->open_blob(blob.digest);
  };
  return origin;
}

BaseImages::Pinned BaseImages::pin(const std::string& name, const oci::Platform& platform) {
  bool is_layout = name.starts_with(transfer::kOciLayoutScheme);
  Origin origin =
      is_layout ? in_layout(name.substr(transfer::kOciLayoutScheme.size()), platform) : in_registry(name);
  std::string text = read_document(origin, origin.document, true);
  if (oci::is_index_document(text)) {
    oci::Index index = oci::Index::parse(text);
    const oci::Descriptor* chosen = index.select(platform);
    if (chosen == nullptr) no_such_platform(origin.shown, index, platform);
    origin.document = *chosen;
    text = read_document(origin, origin.document, true);
  }
  oci::Manifest manifest = oci::Manifest::parse(std::move(text));
  oci::ImageConfig config = oci::ImageConfig::parse(read_document(origin, manifest.config, false));
  check_layers(origin.shown, manifest, config);
  return {std::move(origin), std::move(manifest), std::move(config)};
}

dockerfile::ResolvedImage BaseImages::keep(const Pinned& image) {
  snapshot::LayerStack stack;
  const Origin& origin = image.origin;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const oci::Descriptor& blob = image.manifest.layers[i];
    snapshot::SealedLayer sealed{image.config.diff_ids[i], blob, {}};
    stack.push_back(layers_.declare(sealed, origin.open_blob));
    if (origin.repository) places_->note(blob.digest, *origin.repository);
  }
  const base::Digest& digest = origin.document.digest;
  stacks_.insert_or_assign(digest, std::move(stack));
  if (auto time = oci::parse_rfc3339(image.config.created)) created_.insert_or_assign(digest, *time);
  return {origin.canonical, digest, image.config, std::nullopt};
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
