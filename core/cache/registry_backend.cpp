#include "cache/registry_backend.h"

#include <fmt/format.h>

#include "base/cancellation.h"
#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"

namespace cooper::cache {
namespace {

constexpr const char* kAnnotation = "dev.cooper.cache.document";
constexpr const char* kArtifactType = "application/vnd.cooper.cache.document.v1+json";
constexpr std::string_view kEmptyConfig = "{}";

oci::Descriptor empty_descriptor() {
  oci::Descriptor descriptor;
  descriptor.media_type = oci::kMediaTypeEmpty;
  descriptor.digest = base::sha256(kEmptyConfig);
  descriptor.size = kEmptyConfig.size();
  return descriptor;
}

oci::Manifest manifest_of(const Document& document) {
  oci::Manifest manifest;
  manifest.media_type = oci::kMediaTypeManifest;
  manifest.artifact_type = kArtifactType;
  manifest.config = empty_descriptor();
  manifest.layers = document.blobs;
  // Registries want at least one.
  if (manifest.layers.empty()) manifest.layers.push_back(empty_descriptor());
  manifest.annotations[kAnnotation] = document.text;
  manifest.serialize();
  return manifest;
}

char letter_of(DocumentKind kind) {
  switch (kind) {
    case DocumentKind::kRecord:
      return 'c';
    case DocumentKind::kStep:
      return 's';
    case DocumentKind::kMount:
      return 'm';
  }
  return 'c';
}

}  // namespace

RegistryBackend::RegistryBackend(std::shared_ptr<registry::Client> client, RegistryPlace place,
                                 BlobProvider blobs)
    : client_(std::move(client)), place_(std::move(place)), blobs_(std::move(blobs)) {}

std::string RegistryBackend::name() const {
  std::string repository = place_.repository.name();
  return place_.scope.empty() ? "registry " + repository
                              : fmt::format("registry {} (scope {})", repository, place_.scope);
}

std::string RegistryBackend::tag_prefix(DocumentKind kind) const {
  return place_.scope.empty() ? fmt::format("{}-", letter_of(kind))
                              : fmt::format("{}-{}-", letter_of(kind), place_.scope);
}

oci::Reference RegistryBackend::reference(const DocumentName& name) const {
  oci::Reference reference = place_.repository;
  reference.digest.reset();
  reference.tag = tag_prefix(name.kind) + name.id;
  return reference;
}

std::optional<std::string> RegistryBackend::read(const DocumentName& name, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  std::optional<registry::RawManifest> raw = client_->fetch_manifest(reference(name), stop);
  if (!raw) return std::nullopt;
  oci::Manifest manifest = oci::Manifest::parse(std::move(raw->raw), raw->media_type);
  auto annotation = manifest.annotations.find(kAnnotation);
  if (annotation == manifest.annotations.end())
    throw base::Error(base::ErrorKind::kCorrupt, "it holds no cache record");
  return std::move(annotation->second);
}

std::vector<std::string> RegistryBackend::list(DocumentKind kind, const std::stop_token& stop) {
  const std::string prefix = tag_prefix(kind);
  std::vector<std::string> ids;
  for (const std::string& tag : client_->list_tags(place_.repository, stop)) {
    // A scope's name may hold a dash, an id none.
    if (tag.starts_with(prefix) && tag.find('-', prefix.size()) == std::string::npos)
      ids.push_back(tag.substr(prefix.size()));
  }
  return ids;
}

std::unique_ptr<base::ByteSource> RegistryBackend::open_blob(const oci::Descriptor& blob,
                                                             const std::stop_token& stop) {
  return client_->open_blob(place_.repository, blob, stop);
}

void RegistryBackend::push_once(const registry::PushBlob& blob, const std::stop_token& stop) {
  const base::Digest& digest = blob.descriptor.digest;
  std::promise<void> mine;
  const std::shared_future<void> others = pushed_.with([&](auto& pushed) {
    auto [place, is_new] = pushed.try_emplace(digest, mine.get_future().share());
    return is_new ? std::shared_future<void>() : place->second;
  });
  if (others.valid()) return others.get();
  try {
    client_->push_blob(place_.repository, blob, stop);
    mine.set_value();
  } catch (...) {
    pushed_.with([&](auto& pushed) { pushed.erase(digest); });
    mine.set_exception(std::current_exception());
    throw;
  }
}

void RegistryBackend::push_layer(const oci::Descriptor& blob, const std::stop_token& stop) {
  if (blobs_.is_in && blobs_.is_in(blob, place_.repository)) return;
  registry::PushBlob push;
  push.descriptor = blob;
  push.open = [&] { return blobs_.open(blob, stop); };
  if (blobs_.repository) push.mount_from = blobs_.repository(blob, place_.repository);
  push_once(push, stop);
}

// Every manifest names it.
void RegistryBackend::push_config(const std::stop_token& stop) {
  registry::PushBlob push;
  push.descriptor = empty_descriptor();
  push.open = [] { return std::make_unique<base::MemorySource>(kEmptyConfig); };
  push_once(push, stop);
}

void RegistryBackend::write(const DocumentName& name, const Document& document, const std::stop_token& stop) {
  push_config(stop);
  for (const oci::Descriptor& blob : document.blobs) push_layer(blob, stop);
  const oci::Manifest manifest = manifest_of(document);
  client_->push_manifest(reference(name), manifest.media_type, manifest.raw, stop);
}

}  // namespace cooper::cache
