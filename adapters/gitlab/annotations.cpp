#include "adapters/gitlab/annotations.h"

#include <nlohmann/json.hpp>

#include "adapters/json_text.h"
#include "adapters/outputs.h"

namespace cooper::adapters {
namespace {

// `name` is "registry.example.com/group/app@sha256:…".
std::string page_of(const Record& record, const std::string& name, const std::string& digest) {
  const auto from = record.origins.find("image_base");
  const bool is_own =
      from != record.origins.end() && from->second == "CI_REGISTRY_IMAGE" &&
      (name.starts_with(record.image_base + "@") || name.starts_with(record.image_base + "/"));
  if (is_own && !record.repository_url.empty()) return record.repository_url + "/container_registry";
  const std::size_t slash = name.find('/');
  const std::string path = name.substr(slash + 1, name.rfind('@') - slash - 1);
  return "https://" + name.substr(0, slash) + "/v2/" + path + "/manifests/" + digest;
}

}  // namespace

std::string gitlab_annotations(const Record& record, const Results& results) {
  nlohmann::ordered_json links = nlohmann::ordered_json::array();
  for (const ImageResult& image : results.images) {
    const std::string name = reference_with_digest(image);
    if (name.empty()) continue;
    links.push_back({{"external_link", {{"label", name}, {"url", page_of(record, name, image.digest)}}}});
  }
  return json_text({{"cooper", links}});
}

}  // namespace cooper::adapters
