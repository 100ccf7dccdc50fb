#include "transfer/store_place.h"

#include <fmt/format.h>

#include "base/error.h"
#include "oci/manifest.h"
#include "os/fd.h"
#include "store/image_blobs.h"
#include "transfer/find_image.h"

namespace cooper::transfer {

namespace {

constexpr std::size_t kDocumentLimit = 8 << 20;

base::Error damaged(const base::Digest& blob, const std::string& what, const std::string& image) {
  return base::Error(base::ErrorKind::kCorrupt,
                     fmt::format("blob '{}' of image '{}' {}", blob.str(), image, what))
      .hint("run 'cooper cache verify --repair', then pull, load or build the image again");
}

}  // namespace

std::optional<registry::RawManifest> StorePlace::find(const std::stop_token& stop) {
  const store::NamedImage image = require_image(*store_, text_);
  std::optional<registry::RawManifest> found = find(image.target.digest, stop);
  if (!found) throw damaged(image.target.digest, "is gone", text_);
  return found;
}

std::optional<registry::RawManifest> StorePlace::find(const base::Digest& document, const std::stop_token&) {
  if (!store_->has_blob(document)) return std::nullopt;
  registry::RawManifest found;
  found.raw = os::read_file(store_->blob_path(document), kDocumentLimit);
  if (base::sha256(found.raw) != document) throw damaged(document, "has another content", text_);
  found.media_type = oci::document_media_type(found.raw);
  found.digest = document;
  return found;
}

// A manifest alone says little: the collector may have taken layers of an image that had no name.
bool StorePlace::has(const base::Digest& document, const std::stop_token& stop) {
  const std::optional<registry::RawManifest> found = find(document, stop);
  if (!found) return false;
  oci::Descriptor target;
  target.media_type = found->media_type;
  target.digest = document;
  const store::ImageBlobs blobs = store::blobs_of(*store_, target);
  for (const base::Digest& blob : blobs.all) {
    if (!store_->has_blob(blob)) return false;
  }
  return blobs.missing.empty();
}

std::unique_ptr<base::ByteSource> StorePlace::open_blob(const oci::Descriptor& blob, const std::stop_token&) {
  if (!store_->has_blob(blob.digest)) throw damaged(blob.digest, "is gone", text_);
  return std::make_unique<os::FileSource>(store_->open_blob(blob.digest), blob.digest.str());
}

std::vector<oci::Descriptor> StorePlace::list_referrers(const base::Digest&, const std::stop_token&) {
  return {};
}

std::map<base::Digest, StorePlace::Repositories> StorePlace::read_sources(const std::string& host) const {
  std::map<base::Digest, Repositories> sources;
  for (const store::NamedImage& image : store::ImageNames(*store_).list()) {
    if (!image.name.starts_with(host + "/")) continue;
    const oci::Reference name = oci::Reference::parse(image.name);
    for (const base::Digest& blob : store::blobs_of(*store_, image.target).all)
      sources[blob].insert(name.repository);
  }
  return sources;
}

std::string StorePlace::mount_source(const oci::Reference& target, const base::Digest& blob) {
  const std::scoped_lock lock(mutex_);
  auto known = sources_.find(target.host);
  if (known == sources_.end()) known = sources_.emplace(target.host, read_sources(target.host)).first;
  auto found = known->second.find(blob);
  if (found == known->second.end()) return "";
  for (const std::string& repository : found->second) {
    if (repository != target.repository) return repository;
  }
  return "";
}

registry::BlobPush StorePlace::put_blob(const oci::Descriptor& blob, ImagePlace& from,
                                        const std::stop_token& stop) {
  if (store_->has_blob(blob.digest, blob.size)) return registry::BlobPush::kExisted;
  store::BlobWriter writer = store_->begin_blob();
  base::copy_all(*from.open_blob(blob, stop), writer);
  try {
    writer.commit(blob.digest);
  } catch (base::Error& error) {
    throw error.context(fmt::format("copy from '{}'", from.shown()));
  }
  return registry::BlobPush::kUploaded;
}

void StorePlace::put(const registry::RawManifest& document, Naming naming, const std::stop_token&) {
  store_->put_blob(document.raw);
  if (naming != Naming::kByName) return;
  oci::Descriptor target;
  target.media_type = document.media_type;
  target.digest = document.digest;
  target.size = document.raw.size();
  const store::ImageNames names(*store_);
  text_.empty() ? names.keep_unnamed(target) : names.set(canonical_name(text_), target);
}

}  // namespace cooper::transfer
