#include "store/image_names.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "os/fd.h"
#include "os/file_lock.h"
#include "store/image_blobs.h"

namespace cooper::store {
namespace {

constexpr const char* kRefName = "org.opencontainers.image.ref.name";
constexpr const char* kImageName = "io.containerd.image.name";

std::string index_path(const Store& store) {
  return store.path() + "/index.json";
}

// The longer name is the one that tells images apart: other tools write a bare tag into the first.
NamedImage to_image(oci::Descriptor entry) {
  NamedImage image;
  for (const char* key : {kRefName, kImageName}) {
    auto found = entry.annotations.find(key);
    if (found == entry.annotations.end()) continue;
    image.name = found->second;
    entry.annotations.erase(found);
  }
  image.target = std::move(entry);
  return image;
}

oci::Descriptor to_entry(const NamedImage& image) {
  oci::Descriptor entry = image.target;
  if (image.name.empty()) return entry;
  entry.annotations[kRefName] = image.name;
  entry.annotations[kImageName] = image.name;
  return entry;
}

// In front of those without a name.
bool stands_before(const NamedImage& a, const NamedImage& b) {
  if (a.name.empty() != b.name.empty()) return b.name.empty();
  return a.name < b.name;
}

bool is_listed(const std::vector<NamedImage>& images, const base::Digest& digest) {
  return std::any_of(images.begin(), images.end(),
                     [&](const NamedImage& image) { return image.target.digest == digest; });
}

// The entry loses its name; where others name the same image, nothing is left of it.
void take_name(std::vector<NamedImage>& images, const std::string& name) {
  auto found = std::find_if(images.begin(), images.end(), [&](const auto& i) { return i.name == name; });
  if (found == images.end()) return;
  NamedImage unnamed{"", std::move(found->target)};
  images.erase(found);
  if (!is_listed(images, unnamed.target.digest)) images.push_back(std::move(unnamed));
}

}  // namespace

ImageNames::Images ImageNames::read() const {
  Images images;
  try {
    oci::Index index = oci::Index::parse(os::read_file(index_path(store_)));
    for (oci::Descriptor& entry : index.manifests) images.push_back(to_image(std::move(entry)));
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCorrupt) throw;
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("cannot read the names of images in '{}': {}",
                                                             index_path(store_), error.summary()))
        .hint("remove the file: images lose their names, and the cache stays");
  }
  return images;
}

void ImageNames::change(const std::function<void(Images&)>& edit) const {
  const os::FileLock lock =
      os::FileLock::acquire(store_.path() + "/leases/.images", os::LockMode::kExclusive);
  Images images = read();
  edit(images);
  std::erase_if(images, [&](const NamedImage& image) {
    return image.name.empty() && !has_blob_file(store_, image.target.digest);
  });
  std::stable_sort(images.begin(), images.end(), stands_before);
  oci::Index index;
  index.media_type = oci::kMediaTypeIndex;
  for (const NamedImage& image : images) index.manifests.push_back(to_entry(image));
  index.serialize();
  store_.write_file(index_path(store_), index.raw);
}

std::vector<NamedImage> ImageNames::list() const {
  Images images = read();
  std::stable_sort(images.begin(), images.end(), stands_before);
  return images;
}

std::optional<oci::Descriptor> ImageNames::find(const std::string& name) const {
  for (NamedImage& image : read()) {
    if (!name.empty() && image.name == name) return std::move(image.target);
  }
  return std::nullopt;
}

void ImageNames::set(const std::string& name, const oci::Descriptor& target) const {
  change([&](Images& images) {
    if (auto old = std::find_if(images.begin(), images.end(), [&](const auto& i) { return i.name == name; });
        old != images.end() && old->target.digest != target.digest) {
      take_name(images, name);
    }
    std::erase_if(images, [&](const NamedImage& image) {
      return image.name == name || (image.name.empty() && image.target.digest == target.digest);
    });
    images.push_back({name, target});
  });
  // A collector that read the names before sees by the new times that these blobs are wanted.
  for (const base::Digest& blob : blobs_of(store_, target).all) store_.use(store_.blob_path(blob));
}

void ImageNames::keep_unnamed(const oci::Descriptor& target) const {
  change([&](Images& images) {
    if (!is_listed(images, target.digest)) images.push_back({"", target});
  });
}

bool ImageNames::remove(const std::string& name) const {
  bool was_there = false;
  change([&](Images& images) {
    was_there =
        std::any_of(images.begin(), images.end(), [&](const NamedImage& i) { return i.name == name; });
    take_name(images, name);
  });
  return was_there;
}

std::vector<NamedImage> ImageNames::drop(const std::function<bool(const NamedImage&)>& is_unwanted) const {
  Images dropped;
  change([&](Images& images) {
    auto first = std::stable_partition(images.begin(), images.end(),
                                       [&](const NamedImage& image) { return !is_unwanted(image); });
    dropped.assign(first, images.end());
    images.erase(first, images.end());
  });
  return dropped;
}

}  // namespace cooper::store
