// A typed, sized, content-addressed pointer. OCI image-spec, descriptor.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
};

}  // namespace cooper::oci
