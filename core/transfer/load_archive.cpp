#include "transfer/load_archive.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "os/beneath.h"
#include "os/fd.h"
#include "store/image_blobs.h"
#include "transfer/archive_members.h"
#include "transfer/copy.h"
#include "transfer/docker_archive.h"
#include "transfer/find_image.h"
#include "transfer/layout_place.h"
#include "transfer/store_place.h"

namespace cooper::transfer {

namespace {

constexpr std::size_t kDocumentLimit = 8 << 20;
constexpr const char* kImageName = "io.containerd.image.name";

base::Error no_image(const LoadOptions& options) {
  return base::Error(base::ErrorKind::kUsage, fmt::format("'{}' holds no image", options.what))
      .hint("give what 'docker save', 'cooper save' or 'cooper build -o type=oci' wrote");
}

// The name that an entry of index.json gives; a bare tag is none.
std::string entry_name(const oci::Descriptor& entry) {
  for (const char* key : {kImageName, kRefName}) {
    auto found = entry.annotations.find(key);
    if (found == entry.annotations.end()) continue;
    const std::string& text = found->second;
    if (text.find_first_of("/:") == std::string::npos) continue;
    try {
      return canonical_name(text);
    } catch (const base::Error&) {
      continue;  // the tool that wrote it has names of its own
    }
  }
  return "";
}

// Of an index that names more than is there: what is there.
std::optional<oci::Descriptor> whole_part(const store::Store& store, const oci::Descriptor& entry) {
  if (store::blobs_of(store, entry).missing.empty()) return entry;
  if (!oci::is_index(entry.media_type) || !store::has_blob_file(store, entry.digest)) return std::nullopt;
  oci::Index index =
      oci::Index::parse(os::read_file(store.blob_path(entry.digest), kDocumentLimit), entry.media_type);
  std::erase_if(index.manifests, [&](const oci::Descriptor& manifest) {
    const bool attests = manifest.platform && manifest.platform->os == "unknown";
    return attests || !store::blobs_of(store, manifest).missing.empty();
  });
  if (index.manifests.empty()) return std::nullopt;
  if (index.manifests.size() == 1) return index.manifests.front();
  index.serialize();
  store.put_blob(index.raw);
  return index.descriptor();
}

LoadedImage keep(const store::Store& store, oci::Descriptor target, const std::string& name) {
  target.annotations.clear();
  target.platform.reset();
  const store::ImageNames names(store);
  name.empty() ? names.keep_unnamed(target) : names.set(name, target);
  return {name, target.digest};
}

// None at all where one is not whole.
std::vector<LoadedImage> load_layout(const store::Store& store, const std::string& index_json,
                                     const LoadOptions& options) {
  std::vector<std::pair<oci::Descriptor, std::string>> images;
  for (const oci::Descriptor& entry : oci::Index::parse(index_json).manifests) {
    if (!oci::is_index(entry.media_type) && !oci::is_manifest(entry.media_type)) continue;
    std::optional<oci::Descriptor> target = whole_part(store, entry);
    if (!target) return {};
    const std::string name = entry_name(entry);
    images.emplace_back(std::move(*target), name.empty() ? options.name : name);
  }
  std::vector<LoadedImage> loaded;
  for (const auto& [target, name] : images) loaded.push_back(keep(store, target, name));
  return loaded;
}

}  // namespace

std::vector<LoadedImage> load_archive(const std::shared_ptr<store::Store>& store, base::ByteSource& in,
                                      const LoadOptions& options, const std::stop_token& stop) {
  const ArchiveMembers members = ArchiveMembers::read(*store, in, options.what, stop);
  const std::optional<std::string> index = members.text("index.json");
  const std::optional<std::string> manifest = members.text("manifest.json");
  std::vector<LoadedImage> loaded;
  if (index) loaded = load_layout(*store, *index, options);
  if (!loaded.empty()) return loaded;
  if (manifest) {
    for (const DockerImage& image : read_docker_archive(*store, members, *manifest, options.what)) {
      if (image.names.empty()) loaded.push_back(keep(*store, image.target, options.name));
      for (const std::string& name : image.names) loaded.push_back(keep(*store, image.target, name));
    }
  }
  if (!loaded.empty()) return loaded;
  if (!index || oci::Index::parse(*index).manifests.empty()) throw no_image(options);
  throw base::Error(base::ErrorKind::kCorrupt, fmt::format("'{}' lacks parts of its image", options.what))
      .hint("write the archive again: it was cut, or saved from an incomplete image");
}

std::vector<LoadedImage> load_directory(const std::shared_ptr<store::Store>& store, const std::string& path,
                                        const LoadOptions& options, const std::stop_token& stop) {
  const os::Root root(path);
  os::FileSource source(root.open_in_root("index.json", O_RDONLY | O_NONBLOCK | O_NOCTTY), "index.json");
  const oci::Index index = oci::Index::parse(base::read_all(source, kDocumentLimit, options.what));
  std::vector<LoadedImage> loaded;
  for (const oci::Descriptor& entry : index.manifests) {
    LayoutPlace from(LayoutName{path, "", entry.digest});
    std::string name = entry_name(entry);
    if (name.empty()) name = options.name;
    StorePlace to(store, name);
    loaded.push_back({name, copy_image(from, to, {}, stop).image.digest});
  }
  if (loaded.empty()) throw no_image(options);
  return loaded;
}

}  // namespace cooper::transfer
