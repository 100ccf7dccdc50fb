// A typed, sized, content-addressed pointer. OCI image-spec, descriptor.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "oci/platform.h"

namespace cooper::oci {

struct Descriptor {
  std::string media_type;
  base::Digest digest;
  std::uint64_t size = 0;  // bytes
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> urls;
  std::string artifact_type;

  bool operator==(const Descriptor&) const = default;

  // Throws Error{kCorrupt} saying what is wrong. Media types follow RFC 6838, sizes are 0 … 2^63-1, digests
  // sha256.
  static Descriptor parse(std::string_view raw);
  std::string serialize() const;  // as Go's encoding/json would write it, on one line
};

}  // namespace cooper::oci
