#include "image/annotations.h"

namespace cooper::image {

std::map<std::string, std::string> annotations_at(const std::vector<Annotation>& annotations,
                                                  AnnotationPlace place, const oci::Platform& platform) {
  std::map<std::string, std::string> found = annotations_at(annotations, place);
  for (const Annotation& annotation : annotations) {
    bool is_meant = annotation.place == place && annotation.platform &&
                    oci::normalize(*annotation.platform) == oci::normalize(platform);
    if (is_meant) found[annotation.key] = annotation.value;
  }
  return found;
}

std::map<std::string, std::string> annotations_at(const std::vector<Annotation>& annotations,
                                                  AnnotationPlace place) {
  std::map<std::string, std::string> found;
  for (const Annotation& annotation : annotations) {
    if (annotation.place == place && !annotation.platform) found[annotation.key] = annotation.value;
  }
  return found;
}

}  // namespace cooper::image
