#include "store/image_blobs.h"

#include <optional>
#include <sys/stat.h>
#include <utility>

#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "os/fd.h"
#include "store/image_names.h"

namespace cooper::store {
namespace {

constexpr std::size_t kDocumentLimit = 8 << 20;
constexpr std::size_t kMostBlobs = 100'000;

bool is_document(const oci::Descriptor& blob) {
  return oci::is_index(blob.media_type) || oci::is_manifest(blob.media_type);
}

// What a document names; nullopt when it cannot be read.
std::optional<std::vector<oci::Descriptor>> read_document(const Store& store, const oci::Descriptor& blob) {
  try {
    std::string raw = os::read_file(store.blob_path(blob.digest), kDocumentLimit);
    if (oci::is_index(blob.media_type)) return oci::Index::parse(std::move(raw), blob.media_type).manifests;
    oci::Manifest manifest = oci::Manifest::parse(std::move(raw), blob.media_type);
    manifest.layers.push_back(std::move(manifest.config));
    return std::move(manifest.layers);
  } catch (const base::Error&) {
    return std::nullopt;
  }
}

}  // namespace

ImageBlobs blobs_of(const Store& store, const oci::Descriptor& target) {
  ImageBlobs blobs;
  std::vector<oci::Descriptor> todo = {target};
  while (!todo.empty() && blobs.all.size() < kMostBlobs) {
    const oci::Descriptor blob = std::move(todo.back());
    todo.pop_back();
    if (!blob.urls.empty() || !blobs.all.insert(blob.digest).second) continue;
    blobs.size += blob.size;
    if (!has_blob_file(store, blob.digest)) {
      blobs.missing.push_back(blob.digest);
    } else if (is_document(blob)) {
      auto named = read_document(store, blob);
      if (!named) blobs.missing.push_back(blob.digest);
      for (oci::Descriptor& one : named.value_or(std::vector<oci::Descriptor>()))
        todo.push_back(std::move(one));
    }
  }
  return blobs;
}

std::set<base::Digest> named_blobs(const Store& store) {
  std::set<base::Digest> named;
  for (const NamedImage& image : ImageNames(store).list()) {
    if (!image.name.empty()) named.merge(blobs_of(store, image.target).all);
  }
  return named;
}

bool has_blob_file(const Store& store, const base::Digest& digest) {
  struct stat info {};
  return ::lstat(store.blob_path(digest).c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace cooper::store
