// Image manifests and indexes, both families, as values that keep the raw bytes beside the parsed form.
//
// OCI image-spec manifest.md, image-index.md; Docker image manifest v2 schema 2. Hostile input: sizes,
// digests and types are checked, unknown fields survive in raw().
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/descriptor.h"

namespace cooper::oci {

// The media type of a manifest or index of either family that came without one: its own "mediaType", or else
// what its fields say. Throws Error{kCorrupt} when it is neither.
std::string document_media_type(std::string_view raw);

struct Manifest {
  std::string media_type;  // of either family
  std::string artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  std::map<std::string, std::string> annotations;
  std::string raw;  // the bytes this was parsed from or serialised to; the digest is over these

  // Throws Error{kCorrupt} saying what is wrong.
  static Manifest parse(std::string raw, std::string_view media_type = {});
  // Fills raw from the other fields, as Go's encoding/json would write it.
  void serialize();
  Descriptor descriptor() const;  // of raw
};

struct Index {
  std::string media_type;
  std::string artifact_type;
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject;
  std::map<std::string, std::string> annotations;
  std::string raw;

  static Index parse(std::string raw, std::string_view media_type = {});
  void serialize();
  Descriptor descriptor() const;
  // The image manifest for `wanted`; nullptr when there is none. Attestations (platform unknown/unknown)
  // never match.
  const Descriptor* select(const Platform& wanted) const;
};

// Whether a JSON document is an index (by its mediaType, else by its fields) and not a manifest.
bool is_index_document(std::string_view raw);

}  // namespace cooper::oci
