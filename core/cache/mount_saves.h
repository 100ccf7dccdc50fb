// What a cache keeps of a cache mount: a document that lists layers, base first, as an image's are.
//
// The first layer is a whole save, the others are what changed since, with whiteouts for what was deleted.
// Blobs are tar files with gzip or zstd, as in images (OCI image-spec, layer.md). The document's id does not
// depend on the machine, so that the next job finds it: it is made of the mount's id, mode and owner, and of
// a seed's path; what lies in the seed does not count.
//
// Documents come from places that others can write to: parse() believes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "cache/backend.h"
#include "oci/descriptor.h"

namespace cooper::cache {

// More layers than this are neither written nor read.
inline constexpr std::size_t kMostMountLayers = 8;

struct MountLayer {
  base::Digest diff_id;
  oci::Descriptor blob;
  std::uint64_t size = 0;  // bytes of file contents

  bool operator==(const MountLayer&) const = default;
};

struct MountSave {
  std::string mount;               // its id in the Dockerfile, for people
  std::vector<MountLayer> layers;  // at least one
  std::uint64_t size = 0;          // bytes of file contents, all layers applied
  std::int64_t saved = 0;          // seconds since the epoch

  bool operator==(const MountSave&) const = default;
  // The compressed bytes of all layers.
  std::uint64_t blob_size() const;
  // On one line. Bytes in `mount` that are not UTF-8 are replaced.
  std::string serialize() const;
  static MountSave parse(std::string_view json);  // throws Error{kCorrupt}
  // What a backend is given.
  Document document() const;
};

// `name`: the hex digits of a digest.
DocumentName mount_document(const std::string& name);

}  // namespace cooper::cache
