#include "transfer/image_tree.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "oci/manifest.h"
#include "oci/media_type.h"

namespace cooper::transfer {

namespace {

// An index may name indexes, and a hostile one may name itself under other names.
constexpr int kDeepest = 8;
constexpr std::size_t kMostDocuments = 10'000;
// What BuildKit's attestations say of the manifest they are about.
constexpr const char* kAttestsTo = "vnd.docker.reference.digest";

base::Error missing(ImagePlace& place, const base::Digest& digest) {
  return base::Error(base::ErrorKind::kRegistry,
                     fmt::format("image '{}' names the manifest '{}', which is not there", place.shown(),
                                 digest.str()))
      .hint("push the image again: it was left incomplete");
}

class TreeReader {
 public:
  TreeReader(ImagePlace& place, const std::stop_token& stop) : place_(place), stop_(stop) {}

  void read_children(const registry::RawManifest& document, int depth) {
    const std::string type = media_type_of(document);
    if (oci::is_index(type)) {
      for (const oci::Descriptor& child : oci::Index::parse(document.raw, type).manifests)
        read(child, depth + 1);
      return;
    }
    const oci::Manifest manifest = oci::Manifest::parse(document.raw, type);
    add_blob(manifest.config);
    for (const oci::Descriptor& layer : manifest.layers) add_blob(layer);
  }

  ImageTree take() { return std::move(tree_); }

 private:
  void read(const oci::Descriptor& descriptor, int depth) {
    if (!seen_.insert(descriptor.digest).second) return;
    // An index may list things that are no documents; they are blobs then.
    if (!oci::is_index(descriptor.media_type) && !oci::is_manifest(descriptor.media_type)) {
      add_blob(descriptor);
      return;
    }
    if (depth > kDeepest || seen_.size() > kMostDocuments) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("image '{}' has more than {} levels or {} manifests", place_.shown(),
                                    kDeepest, kMostDocuments));
    }
    std::optional<registry::RawManifest> document = place_.find(descriptor.digest, stop_);
    if (!document) throw missing(place_, descriptor.digest);
    if (document->media_type.empty()) document->media_type = descriptor.media_type;
    read_children(*document, depth);
    tree_.documents.push_back(std::move(*document));
  }

  void add_blob(const oci::Descriptor& blob) {
    // Layers that lie elsewhere and may not be given on.
    if (!blob.urls.empty()) return;
    if (seen_.insert(blob.digest).second) tree_.blobs.push_back(blob);
  }

  ImagePlace& place_;
  const std::stop_token stop_;
  ImageTree tree_;
  std::set<base::Digest> seen_;
};

[[noreturn]] void no_platform(ImagePlace& place, const oci::Index& index, const oci::Platform& wanted) {
  std::vector<std::string> offered;
  for (const oci::Descriptor& manifest : index.manifests) {
    if (manifest.platform && manifest.platform->os != "unknown") offered.push_back(manifest.platform->str());
  }
  throw base::Error(
      base::ErrorKind::kRegistry,
      fmt::format("image '{}' has nothing for platform '{}'; it has {}", place.shown(), wanted.str(),
                  offered.empty() ? "no platform at all" : base::join(offered, ", ")));
}

// The manifests of `index` for `platforms`, and the attestations of those.
std::vector<oci::Descriptor> choose(ImagePlace& place, const oci::Index& index,
                                    const std::vector<oci::Platform>& platforms) {
  std::set<base::Digest> chosen;
  for (const oci::Platform& platform : platforms) {
    const oci::Descriptor* found = index.select(platform);
    if (found == nullptr) no_platform(place, index, platform);
    chosen.insert(found->digest);
  }
  std::vector<oci::Descriptor> kept;
  for (const oci::Descriptor& manifest : index.manifests) {
    auto about = manifest.annotations.find(kAttestsTo);
    const bool attests =
        about != manifest.annotations.end() &&
        std::any_of(chosen.begin(), chosen.end(), [&](const auto& d) { return d.str() == about->second; });
    if (attests || chosen.contains(manifest.digest)) kept.push_back(manifest);
  }
  return kept;
}

registry::RawManifest narrow(ImagePlace& place, registry::RawManifest root,
                             const std::vector<oci::Platform>& platforms, const std::stop_token& stop) {
  const std::string type = media_type_of(root);
  if (platforms.empty() || !oci::is_index(type)) return root;
  oci::Index index = oci::Index::parse(root.raw, type);
  if (platforms.size() == 1) return narrow_to(place, std::move(root), platforms.front(), stop);
  std::vector<oci::Descriptor> kept = choose(place, index, platforms);
  if (kept.size() == index.manifests.size()) return root;
  index.manifests = std::move(kept);
  index.serialize();
  return {type, index.raw, base::sha256(index.raw)};
}

}  // namespace

std::set<base::Digest> ImageTree::digests() const {
  std::set<base::Digest> all = {root.digest};
  for (const registry::RawManifest& document : documents) all.insert(document.digest);
  return all;
}

std::string media_type_of(const registry::RawManifest& document) {
  return document.media_type.empty() ? oci::document_media_type(document.raw) : document.media_type;
}

registry::RawManifest find_root(ImagePlace& place, const std::stop_token& stop) {
  std::optional<registry::RawManifest> root = place.find(stop);
  if (!root) {
    throw base::Error(base::ErrorKind::kRegistry, fmt::format("image '{}' does not exist", place.shown()))
        .hint("check the name and the tag, and that you may read the repository");
  }
  root->media_type = media_type_of(*root);
  return std::move(*root);
}

registry::RawManifest narrow_to(ImagePlace& place, registry::RawManifest root, const oci::Platform& platform,
                                const std::stop_token& stop) {
  const std::string type = media_type_of(root);
  if (!oci::is_index(type)) return root;
  const oci::Index index = oci::Index::parse(root.raw, type);
  const oci::Descriptor* found = index.select(platform);
  if (found == nullptr) no_platform(place, index, platform);
  std::optional<registry::RawManifest> manifest = place.find(found->digest, stop);
  if (!manifest) throw missing(place, found->digest);
  manifest->media_type = media_type_of(*manifest);
  return std::move(*manifest);
}

ImageTree read_tree(ImagePlace& place, registry::RawManifest root,
                    const std::vector<oci::Platform>& platforms, const std::stop_token& stop) {
  root = narrow(place, std::move(root), platforms, stop);
  TreeReader reader(place, stop);
  reader.read_children(root, 0);
  ImageTree tree = reader.take();
  tree.root = std::move(root);
  return tree;
}

}  // namespace cooper::transfer
