#include "cache/object_backend.h"

#include <fmt/format.h>

#include "base/cancellation.h"
#include "cache/document_file.h"

namespace cooper::cache {
namespace {

std::string blob_name(const base::Digest& digest) {
  return "blobs/sha256/" + digest.hex();
}

}  // namespace

ObjectBackend::ObjectBackend(std::shared_ptr<ObjectStore> store, std::string scope, BlobProvider blobs)
    : store_(std::move(store)), scope_(std::move(scope)), blobs_(std::move(blobs)) {}

std::string ObjectBackend::name() const {
  return scope_.empty() ? store_->name() : fmt::format("{} (scope {})", store_->name(), scope_);
}

std::string ObjectBackend::folder(DocumentKind kind) const {
  return scope_.empty() ? fmt::format("{}/", document_folder(kind))
                        : fmt::format("scopes/{}/{}/", scope_, document_folder(kind));
}

std::optional<std::string> ObjectBackend::read(const DocumentName& name, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  return store_->get(folder(name.kind) + name.id, kLargestDocument, stop);
}

void ObjectBackend::put_blob(const oci::Descriptor& blob, const std::stop_token& stop) {
  if (present_.with([&](const auto& present) { return present.contains(blob.digest); })) return;
  const std::string object = blob_name(blob.digest);
  if (!store_->exists(object, stop)) {
    store_->put_new(object, {blob.size, [&] { return blobs_.open(blob, stop); }}, stop);
  }
  present_.with([&](auto& present) { present.insert(blob.digest); });
}

// A document replaces an older one: a record whose blob was lost must not stand in the way of a good one.
void ObjectBackend::write(const DocumentName& name, const Document& document, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  for (const oci::Descriptor& blob : document.blobs) put_blob(blob, stop);
  const ObjectStore::Body body{document.text.size(), [&document] {
                                 return std::make_unique<base::MemorySource>(std::string_view(document.text));
                               }};
  store_->put(folder(name.kind) + name.id, body, stop);
}

std::vector<std::string> ObjectBackend::list(DocumentKind kind, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  const std::string prefix = folder(kind);
  std::vector<std::string> ids;
  for (const std::string& name : store_->list(prefix, stop)) ids.push_back(name.substr(prefix.size()));
  return ids;
}

std::unique_ptr<base::ByteSource> ObjectBackend::open_blob(const oci::Descriptor& blob,
                                                           const std::stop_token& stop) {
  return store_->open(blob_name(blob.digest), stop);
}

}  // namespace cooper::cache
