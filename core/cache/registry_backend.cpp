#include "cache/registry_backend.h"

#include <fmt/format.h>

#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"

namespace cooper::cache {
namespace {

constexpr const char* kAnnotation = "dev.cooper.cache.record";
constexpr const char* kArtifactType = "application/vnd.cooper.cache.record.v1+json";
constexpr std::string_view kEmptyConfig = "{}";

oci::Descriptor empty_descriptor() {
  oci::Descriptor descriptor;
  descriptor.media_type = oci::kMediaTypeEmpty;
  descriptor.digest = base::sha256(kEmptyConfig);
  descriptor.size = kEmptyConfig.size();
  return descriptor;
}

oci::Manifest manifest_of(Record record) {
  record.layer_id.clear();  // means nothing elsewhere
  oci::Manifest manifest;
  manifest.media_type = oci::kMediaTypeManifest;
  manifest.artifact_type = kArtifactType;
  manifest.config = empty_descriptor();
  manifest.layers = {record.blob.value_or(empty_descriptor())};
  manifest.annotations[kAnnotation] = record.serialize();
  manifest.serialize();
  return manifest;
}

Record record_of(const registry::RawManifest& raw, const base::Digest& key) {
  oci::Manifest manifest = oci::Manifest::parse(raw.raw, raw.media_type);
  auto annotation = manifest.annotations.find(kAnnotation);
  if (annotation == manifest.annotations.end())
    throw base::Error(base::ErrorKind::kCorrupt, "it holds no cache record");
  Record record = Record::parse(annotation->second);
  if (record.key != key && record.content_key != key)
    throw base::Error(base::ErrorKind::kCorrupt, "it is the record of another key");
  return record;
}

}  // namespace

RegistryBackend::RegistryBackend(std::shared_ptr<registry::Client> client, RegistryPlace place,
                                 BlobProvider blobs, std::function<void(const std::string&)> warn)
    : client_(std::move(client)),
      place_(std::move(place)),
      blobs_(std::move(blobs)),
      warn_(std::move(warn)) {}

std::string RegistryBackend::name() const {
  std::string repository = place_.repository.name();
  return place_.scope.empty() ? "registry " + repository
                              : fmt::format("registry {} (scope {})", repository, place_.scope);
}

oci::Reference RegistryBackend::reference(const base::Digest& key) const {
  oci::Reference reference = place_.repository;
  reference.digest.reset();
  reference.tag = place_.scope.empty() ? "c-" + key.hex() : fmt::format("c-{}-{}", place_.scope, key.hex());
  return reference;
}

std::vector<std::optional<Record>> RegistryBackend::find(const std::vector<base::Digest>& keys,
                                                         const std::stop_token& stop) {
  return find_each(keys, stop, [&](const base::Digest& key) { return find_one(key, stop); });
}

std::optional<Record> RegistryBackend::find_one(const base::Digest& key, const std::stop_token& stop) {
  oci::Reference wanted = reference(key);
  try {
    std::optional<registry::RawManifest> raw = client_->fetch_manifest(wanted, stop);
    if (!raw) return std::nullopt;
    return record_of(*raw, key);
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt) throw;
    warn_(fmt::format("ignoring the cache record '{}': {}", wanted.str(), error.summary()));
    return std::nullopt;
  }
}

std::unique_ptr<base::ByteSource> RegistryBackend::open_blob(const oci::Descriptor& blob,
                                                             const std::stop_token& stop) {
  return client_->open_blob(place_.repository, blob, stop);
}

void RegistryBackend::push_blob(const oci::Descriptor& blob, const std::stop_token& stop) {
  registry::PushBlob push;
  push.descriptor = blob;
  push.open = [&] { return blobs_.open(blob, stop); };
  if (blobs_.repository) {
    std::string from = blobs_.repository(blob, place_.repository.host);
    if (from != place_.repository.repository) push.mount_from = std::move(from);
  }
  client_->push_blob(place_.repository, push, stop);
}

// Every manifest names it, so it is there once.
void RegistryBackend::push_config(const std::stop_token& stop) {
  std::call_once(config_pushed_, [&] {
    registry::PushBlob push;
    push.descriptor = empty_descriptor();
    push.open = [] { return std::make_unique<base::MemorySource>(kEmptyConfig); };
    client_->push_blob(place_.repository, push, stop);
  });
}

void RegistryBackend::put(const Record& record, const std::stop_token& stop) {
  push_config(stop);
  if (record.blob) push_blob(*record.blob, stop);
  oci::Manifest manifest = manifest_of(record);
  client_->push_manifest(reference(record.key), manifest.media_type, manifest.raw, stop);
  if (record.content_key && record.content_key != record.key) {
    client_->push_manifest(reference(*record.content_key), manifest.media_type, manifest.raw, stop);
  }
}

}  // namespace cooper::cache
