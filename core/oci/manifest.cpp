#include "oci/manifest.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "oci/go_json.h"
#include "oci/json_fields.h"
#include "oci/media_type.h"

namespace cooper::oci {

namespace {

// BuildKit indents manifests and indexes by two spaces.
constexpr int kIndent = 2;

// What the document says it is must agree with what the registry said it is, or one document could be read
// two ways (CVE-2021-41190).
std::string settle_media_type(const Json& document, std::string_view announced, std::string_view fallback,
                              std::string_view what) {
  const Json* version = find_field(document, "schemaVersion");
  if (version != nullptr && version->is_number_integer() && version->get<std::int64_t>() == 1) {
    throw base::Error(base::ErrorKind::kUnsupported, "image manifest has the old schema 1")
        .hint("push the image again with a current tool");
  }
  if (version == nullptr || !version->is_number_integer() || version->get<std::int64_t>() != 2) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("{} has a 'schemaVersion' other than 2", what));
  }
  std::string inside = string_field(document, "mediaType");
  if (!inside.empty() && !announced.empty() && inside != announced) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("{} was announced as '{}' but says it is '{}'",
                                                             what, announced, inside.substr(0, 200)));
  }
  if (!inside.empty()) return inside;
  return std::string(announced.empty() ? fallback : announced);
}

void refuse_field(const Json& document, std::string_view name, std::string_view what) {
  if (find_field(document, name) == nullptr) return;
  throw base::Error(base::ErrorKind::kCorrupt,
                    fmt::format("{} has a field '{}', which it must not have", what, name));
}

std::vector<Descriptor> read_descriptors(const Json& document, std::string_view name) {
  std::vector<Descriptor> descriptors;
  const Json* array = find_array(document, name);
  if (array == nullptr) return descriptors;
  descriptors.reserve(array->size());
  for (const Json& element : *array) descriptors.push_back(read_descriptor(element));
  return descriptors;
}

std::optional<Descriptor> read_subject(const Json& document) {
  const Json* subject = find_object(document, "subject");
  if (subject == nullptr) return std::nullopt;
  return read_descriptor(*subject);
}

Json descriptors_json(const std::vector<Descriptor>& descriptors) {
  Json array = Json::array();
  for (const Descriptor& descriptor : descriptors) array.push_back(descriptor_json(descriptor));
  return array;
}

Descriptor describe(const std::string& media_type, const std::string& artifact_type, const std::string& raw) {
  Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = base::sha256(raw);
  descriptor.size = raw.size();
  descriptor.artifact_type = artifact_type;
  return descriptor;
}

Json head_json(std::string_view media_type, std::string_view artifact_type) {
  Json document = Json::object();
  document["schemaVersion"] = 2;
  if (!media_type.empty()) document["mediaType"] = media_type;
  if (!artifact_type.empty()) document["artifactType"] = artifact_type;
  return document;
}

}  // namespace

std::string document_media_type(std::string_view raw) {
  Json document = parse_object(raw, "image manifest");
  std::string inside = string_field(document, "mediaType");
  if (!inside.empty()) return inside;
  if (find_array(document, "manifests") != nullptr) return std::string(kMediaTypeIndex);
  if (find_object(document, "config") != nullptr) return std::string(kMediaTypeManifest);
  throw base::Error(base::ErrorKind::kCorrupt, "document is neither an image manifest nor an image index");
}

Manifest Manifest::parse(std::string raw, std::string_view media_type) {
  Json document = parse_object(raw, "image manifest");
  Manifest manifest;
  manifest.media_type = settle_media_type(document, media_type, kMediaTypeManifest, "image manifest");
  if (!is_manifest(manifest.media_type)) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("media type '{}' is no image manifest",
                                                             manifest.media_type.substr(0, 200)));
  }
  refuse_field(document, "manifests", "image manifest");
  manifest.artifact_type = string_field(document, "artifactType");
  const Json* config = find_object(document, "config");
  if (config == nullptr) throw base::Error(base::ErrorKind::kCorrupt, "image manifest has no 'config'");
  manifest.config = read_descriptor(*config);
  manifest.layers = read_descriptors(document, "layers");
  manifest.subject = read_subject(document);
  manifest.annotations = string_map_field(document, "annotations");
  manifest.raw = std::move(raw);
  return manifest;
}

void Manifest::serialize() {
  Json document = head_json(media_type, artifact_type);
  document["config"] = descriptor_json(config);
  document["layers"] = descriptors_json(layers);
  if (subject) document["subject"] = descriptor_json(*subject);
  if (!annotations.empty()) document["annotations"] = string_map_json(annotations);
  raw = go_json(document, kIndent);
}

Descriptor Manifest::descriptor() const {
  return describe(media_type, artifact_type, raw);
}

Index Index::parse(std::string raw, std::string_view media_type) {
  Json document = parse_object(raw, "image index");
  Index index;
  index.media_type = settle_media_type(document, media_type, kMediaTypeIndex, "image index");
  if (!is_index(index.media_type)) {
    throw base::Error(base::ErrorKind::kCorrupt,
                      fmt::format("media type '{}' is no image index", index.media_type.substr(0, 200)));
  }
  refuse_field(document, "layers", "image index");
  refuse_field(document, "config", "image index");
  index.artifact_type = string_field(document, "artifactType");
  index.manifests = read_descriptors(document, "manifests");
  index.subject = read_subject(document);
  index.annotations = string_map_field(document, "annotations");
  index.raw = std::move(raw);
  return index;
}

void Index::serialize() {
  Json document = head_json(media_type, artifact_type);
  document["manifests"] = descriptors_json(manifests);
  if (subject) document["subject"] = descriptor_json(*subject);
  if (!annotations.empty()) document["annotations"] = string_map_json(annotations);
  raw = go_json(document, kIndent);
}

Descriptor Index::descriptor() const {
  return describe(media_type, artifact_type, raw);
}

const Descriptor* Index::select(const Platform& wanted) const {
  const Descriptor* best = nullptr;
  int best_score = -1;
  for (const Descriptor& candidate : manifests) {
    // A lone manifest without a platform is an image built by a tool that does not write one.
    bool unlabelled = !candidate.platform && manifests.size() == 1;
    int score = unlabelled ? 0 : candidate.platform ? match_score(wanted, *candidate.platform) : -1;
    if (score > best_score && is_manifest(candidate.media_type)) {
      best = &candidate;
      best_score = score;
    }
  }
  return best;
}

bool is_index_document(std::string_view raw) {
  Json document = Json::parse(raw, nullptr, false);
  if (!document.is_object()) return false;
  auto type = document.find("mediaType");
  if (type != document.end() && type->is_string()) return is_index(type->get<std::string>());
  return document.contains("manifests");
}

}  // namespace cooper::oci
