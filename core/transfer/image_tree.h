// All that belongs to an image: its documents, and the blobs that they name. Private to transfer.
#pragma once

#include <set>
#include <stop_token>
#include <vector>

#include "oci/platform.h"
#include "transfer/image_place.h"

namespace cooper::transfer {

struct ImageTree {
  registry::RawManifest root;
  std::vector<registry::RawManifest> documents;  // below the root, each after all that it names
  std::vector<oci::Descriptor> blobs;            // configs and layers, each once

  std::set<base::Digest> digests() const;  // of root and documents
};

// Reads what `root` of `place` names, down to the blobs. With platforms: of an index only their manifests and
// what attests to them; one platform's manifest stands for itself, several get a new index. Throws
// Error{kRegistry} for what is missing, naming the platforms that there are.
ImageTree read_tree(ImagePlace& place, registry::RawManifest root,
                    const std::vector<oci::Platform>& platforms, const std::stop_token& stop);

// The manifest of an index for one platform; what is no index stays as it is.
registry::RawManifest narrow_to(ImagePlace& place, registry::RawManifest root, const oci::Platform& platform,
                                const std::stop_token& stop);
// What the place's name means. Throws Error{kRegistry} when it means nothing.
registry::RawManifest find_root(ImagePlace& place, const std::stop_token& stop);
// What a document is, from its own words where the place did not say.
std::string media_type_of(const registry::RawManifest& document);

}  // namespace cooper::transfer
