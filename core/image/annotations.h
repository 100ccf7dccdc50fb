// Annotations as --annotation asks for them: on which document, and for which platform. OCI image-spec,
// annotations.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "oci/platform.h"

namespace cooper::image {

enum class AnnotationPlace { kManifest, kManifestDescriptor, kIndex, kIndexDescriptor };

struct Annotation {
  AnnotationPlace place = AnnotationPlace::kManifest;
  std::optional<oci::Platform> platform;  // unset: of every platform
  std::string key;
  std::string value;

  bool operator==(const Annotation&) const = default;
};

// What stands at `place` of the image for `platform`; of equal keys the one for this platform, else the last.
std::map<std::string, std::string> annotations_at(const std::vector<Annotation>& annotations,
                                                  AnnotationPlace place, const oci::Platform& platform);
// What stands at a place that belongs to all platforms: the index, its descriptor.
std::map<std::string, std::string> annotations_at(const std::vector<Annotation>& annotations,
                                                  AnnotationPlace place);

}  // namespace cooper::image
