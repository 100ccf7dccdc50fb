#include "transfer/join.h"

#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "oci/image_config.h"
#include "oci/media_type.h"
#include "transfer/image_tree.h"
#include "transfer/put_tree.h"

namespace cooper::transfer {

namespace {

constexpr std::size_t kConfigLimit = 16 << 20;

// The platform of a single manifest, which only its config knows; nullopt for what is no image.
std::optional<oci::Platform> platform_of(ImagePlace& place, const registry::RawManifest& document,
                                         const std::stop_token& stop) {
  const oci::Manifest manifest = oci::Manifest::parse(document.raw, document.media_type);
  const std::string& type = manifest.config.media_type;
  if (type != oci::kMediaTypeConfig && type != oci::kDockerConfig) return std::nullopt;
  std::unique_ptr<base::ByteSource> blob = place.open_blob(manifest.config, stop);
  return oci::ImageConfig::parse(base::read_all(*blob, kConfigLimit, "image config")).platform;
}

// What `place` contributes to an index.
std::vector<oci::Descriptor> contribution(ImagePlace& place, const std::stop_token& stop) {
  const registry::RawManifest root = find_root(place, stop);
  if (oci::is_index(root.media_type)) return oci::Index::parse(root.raw, root.media_type).manifests;
  oci::Descriptor one;
  one.media_type = root.media_type;
  one.digest = root.digest;
  one.size = root.raw.size();
  one.platform = platform_of(place, root, stop);
  return {one};
}

void refuse_second(const oci::Index& index, const oci::Descriptor& added, ImagePlace& place) {
  if (!added.platform || added.platform->os == "unknown") return;
  for (const oci::Descriptor& listed : index.manifests) {
    if (!listed.platform || listed.platform->str() != added.platform->str()) continue;
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("'{}' is another image for '{}', after '{}'", place.shown(),
                                  added.platform->str(), listed.digest.str()))
        .hint("give one image for each platform");
  }
}

// What `source` brings, as a tree below an index of its own.
ImageTree tree_of(ImagePlace& source, const std::vector<oci::Descriptor>& images,
                  const std::stop_token& stop) {
  oci::Index part;
  part.media_type = oci::kMediaTypeIndex;
  part.manifests = images;
  part.serialize();
  return read_tree(source, {part.media_type, part.raw, base::sha256(part.raw)}, {}, stop);
}

}  // namespace

JoinedImages join_images(const std::vector<std::unique_ptr<ImagePlace>>& sources, const JoinOptions& options,
                         const std::stop_token& stop) {
  JoinedImages joined;
  oci::Index& index = joined.index;
  std::set<base::Digest> seen;
  bool all_docker = true;
  for (const std::unique_ptr<ImagePlace>& source : sources) {
    std::vector<oci::Descriptor>& part = joined.parts.emplace_back();
    for (const oci::Descriptor& one : contribution(*source, stop)) {
      if (!seen.insert(one.digest).second) continue;
      refuse_second(index, one, *source);
      all_docker = all_docker && one.media_type == oci::kDockerManifest;
      part.push_back(one);
      index.manifests.push_back(one);
    }
  }
  if (index.manifests.empty()) {
    throw base::Error(base::ErrorKind::kUsage, "there are no images to join").hint("name at least one image");
  }
  index.media_type =
      all_docker && options.annotations.empty() ? oci::kDockerManifestList : oci::kMediaTypeIndex;
  index.annotations = options.annotations;
  index.serialize();
  return joined;
}

void put_index(const JoinedImages& joined, const std::vector<std::unique_ptr<ImagePlace>>& sources,
               const std::vector<std::unique_ptr<ImagePlace>>& targets, const JoinOptions& options,
               const std::stop_token& stop) {
  std::vector<ImageTree> trees;
  for (std::size_t i = 0; i < sources.size(); ++i)
    trees.push_back(tree_of(*sources[i], joined.parts[i], stop));
  const oci::Index& index = joined.index;
  const registry::RawManifest root{index.media_type, index.raw, base::sha256(index.raw)};
  for (const std::unique_ptr<ImagePlace>& target : targets) {
    for (std::size_t i = 0; i < sources.size(); ++i)
      put_below(trees[i], *sources[i], *target, options.copy, stop);
    target->put(root, ImagePlace::Naming::kByName, stop);
  }
}

}  // namespace cooper::transfer
