// What belongs to an image in the store: its documents, configs and layers.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/digest.h"
#include "oci/descriptor.h"
#include "store/store.h"

namespace cooper::store {

struct ImageBlobs {
  std::set<base::Digest> all;         // of the image, missing ones included
  std::vector<base::Digest> missing;  // not here, or no document where it must be one
  std::uint64_t size = 0;             // bytes, each blob once, as the documents say
};

// Reads the documents below `target` and marks nothing as used. Damaged and hostile ones end the reading
// there, and count as missing. Layers with URLs, which lie elsewhere, are left out.
ImageBlobs blobs_of(const Store& store, const oci::Descriptor& target);
// Blobs of all images that have a name. Throws what ImageNames::list() throws.
std::set<base::Digest> named_blobs(const Store& store);
// Whether the blob's file is there, without counting as a use.
bool has_blob_file(const Store& store, const base::Digest& digest);

}  // namespace cooper::store
