#include "oci/descriptor.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "oci/go_json.h"
#include "oci/json_fields.h"

namespace cooper::oci {

namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 6838, section 4.2: restricted-name.
bool is_restricted_name(std::string_view name) {
  if (name.empty() || name.size() > 127 || !is_alphanumeric(name.front())) return false;
  for (char c : name) {
    if (!is_alphanumeric(c) && std::string_view("!#$&^_.+-").find(c) == std::string_view::npos) return false;
  }
  return true;
}

std::string media_type_field(const Json& object, std::string_view name) {
  std::string value = string_field(object, name);
  std::size_t slash = value.find('/');
  bool valid = slash != std::string::npos && is_restricted_name(std::string_view(value).substr(0, slash)) &&
               is_restricted_name(std::string_view(value).substr(slash + 1));
  if (!valid) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("descriptor's '{}' is no media type: '{}'", name, value.substr(0, 200)));
  }
  return value;
}

bool is_absolute_url(std::string_view url) {
  std::size_t colon = url.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  for (char c : url.substr(0, colon)) {
    if (!is_alphanumeric(c) && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

}  // namespace

Platform read_platform(const Json& object) {
  Platform platform;
  platform.os = string_field(object, "os");
  platform.architecture = string_field(object, "architecture");
  platform.variant = string_field(object, "variant");
  platform.os_version = string_field(object, "os.version");
  platform.os_features = strings_field(object, "os.features");
  return platform;
}

Descriptor read_descriptor(const Json& object) {
  if (!object.is_object()) throw base::Error(base::ErrorKind::kCorrupt, "descriptor is not an object");
  Descriptor descriptor;
  descriptor.media_type = media_type_field(object, "mediaType");
  descriptor.digest = base::Digest::parse_or_throw(string_field(object, "digest"));
  const Json* size = find_field(object, "size");
  std::int64_t bytes = size == nullptr ? -1 : integer_field(object, "size");
  if (bytes < 0) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("descriptor of '{}' has no valid size", descriptor.digest.str()));
  }
  descriptor.size = static_cast<std::uint64_t>(bytes);
  descriptor.urls = strings_field(object, "urls");
  for (const std::string& url : descriptor.urls) {
    if (!is_absolute_url(url)) {
      throw base::Error(base::ErrorKind::kCorrupt, fmt::format("descriptor's url '{}' is not absolute", url));
    }
  }
  descriptor.annotations = string_map_field(object, "annotations");
  if (find_field(object, "artifactType") != nullptr) {
    descriptor.artifact_type = media_type_field(object, "artifactType");
  }
  if (const Json* platform = find_object(object, "platform")) {
    descriptor.platform = read_platform(*platform);
    if (descriptor.platform->os.empty() || descriptor.platform->architecture.empty()) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("platform of '{}' lacks os or architecture", descriptor.digest.str()));
    }
  }
  return descriptor;
}

// Field order of image-spec v1.1's Go types.
Json descriptor_json(const Descriptor& descriptor) {
  Json object = Json::object();
  object["mediaType"] = descriptor.media_type;
  object["digest"] = descriptor.digest.str();
  object["size"] = descriptor.size;
  if (!descriptor.urls.empty()) object["urls"] = descriptor.urls;
  if (!descriptor.annotations.empty()) object["annotations"] = string_map_json(descriptor.annotations);
  if (descriptor.platform) {
    const Platform& platform = *descriptor.platform;
    Json& fields = object["platform"];
    fields["architecture"] = platform.architecture;
    fields["os"] = platform.os;
    if (!platform.os_version.empty()) fields["os.version"] = platform.os_version;
    if (!platform.os_features.empty()) fields["os.features"] = platform.os_features;
    if (!platform.variant.empty()) fields["variant"] = platform.variant;
  }
  if (!descriptor.artifact_type.empty()) object["artifactType"] = descriptor.artifact_type;
  return object;
}

Descriptor Descriptor::parse(std::string_view raw) {
  return read_descriptor(parse_object(raw, "descriptor"));
}

std::string Descriptor::serialize() const {
  return go_json(descriptor_json(*this));
}

}  // namespace cooper::oci
