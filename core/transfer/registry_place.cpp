#include "transfer/registry_place.h"

#include <fmt/format.h>

#include "base/error.h"

namespace cooper::transfer {

oci::Reference RegistryPlace::at(const base::Digest& digest) const {
  oci::Reference pinned = reference_;
  pinned.tag.clear();
  pinned.digest = digest;
  return pinned;
}

std::optional<registry::RawManifest> RegistryPlace::find(const std::stop_token& stop) {
  return client_->fetch_manifest(reference_, stop);
}

std::optional<registry::RawManifest> RegistryPlace::find(const base::Digest& document,
                                                         const std::stop_token& stop) {
  return client_->fetch_manifest(at(document), stop);
}

bool RegistryPlace::has(const base::Digest& document, const std::stop_token& stop) {
  return client_->resolve(at(document), stop).has_value();
}

std::string RegistryPlace::mount_source(const oci::Reference& target, const base::Digest&) {
  return target.host == reference_.host ? reference_.repository : "";
}

std::unique_ptr<base::ByteSource> RegistryPlace::open_blob(const oci::Descriptor& blob,
                                                           const std::stop_token& stop) {
  return client_->open_blob(reference_, blob, stop);
}

std::vector<oci::Descriptor> RegistryPlace::list_referrers(const base::Digest& subject,
                                                           const std::stop_token& stop) {
  return client_->list_referrers(reference_, subject, "", stop);
}

registry::BlobPush RegistryPlace::put_blob(const oci::Descriptor& blob, ImagePlace& from,
                                           const std::stop_token& stop) {
  registry::PushBlob push;
  push.descriptor = blob;
  push.open = [&] { return from.open_blob(blob, stop); };
  push.mount_from = from.mount_source(reference_, blob.digest);
  return client_->push_blob(reference_, push, stop);
}

void RegistryPlace::put(const registry::RawManifest& document, Naming naming, const std::stop_token& stop) {
  oci::Reference target = at(document.digest);
  if (naming == Naming::kByName) {
    if (reference_.digest && *reference_.digest != document.digest) {
      throw base::Error(base::ErrorKind::kUsage,
                        fmt::format("'{}' cannot be written: the image's digest is '{}'",
                                    reference_.familiar(), document.digest.str()))
          .hint("give a tag, or no digest");
    }
    if (!reference_.digest) {
      target.digest.reset();
      target.tag = reference_.tag;
    }
  }
  client_->push_manifest(target, document.media_type, document.raw, stop);
}

}  // namespace cooper::transfer
