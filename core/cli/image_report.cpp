#include "cli/image_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/json_text.h"
#include "report/table.h"

namespace cooper::cli {

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string words(const std::vector<std::string>& list) {
  return json_text(Json(list));
}

std::uint64_t layers_size(const oci::Manifest& manifest) {
  std::uint64_t size = 0;
  for (const oci::Descriptor& layer : manifest.layers) size += layer.size;
  return size;
}

void add_map(Rows& rows, const std::string& title, const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) rows.push_back({title, fmt::format("{}={}", key, value)});
}

void add_config(Rows& rows, const oci::ImageConfig& config) {
  rows.push_back({"Platform:", config.platform.str()});
  if (!config.created.empty()) rows.push_back({"Created:", config.created});
  if (!config.config.user.empty()) rows.push_back({"User:", config.config.user});
  if (!config.config.working_dir.empty()) rows.push_back({"WorkingDir:", config.config.working_dir});
  if (config.config.entrypoint) rows.push_back({"Entrypoint:", words(*config.config.entrypoint)});
  if (config.config.cmd) rows.push_back({"Cmd:", words(*config.config.cmd)});
  for (const std::string& variable : config.config.env) rows.push_back({"Env:", variable});
  for (const std::string& port : config.config.exposed_ports) rows.push_back({"ExposedPort:", port});
  for (const std::string& volume : config.config.volumes) rows.push_back({"Volume:", volume});
  add_map(rows, "Label:", config.config.labels);
}

std::string platform_text(const oci::Descriptor& manifest) {
  if (!manifest.platform) return "-";
  // What attests to an image is for no platform.
  if (manifest.platform->os == "unknown") return "attestation";
  return manifest.platform->str();
}

Json descriptor_json(const oci::Descriptor& descriptor) {
  return parse_json(descriptor.serialize());
}

}  // namespace

std::string render_image(const transfer::InspectedImage& image) {
  Rows rows = {{"Name:", image.name},
               {"Digest:", image.document.digest.str()},
               {"MediaType:", image.document.media_type}};
  Rows parts;
  if (image.index) {
    add_map(rows, "Annotation:", image.index->annotations);
    parts.push_back({"PLATFORM", "DIGEST", "MANIFEST SIZE"});
    for (const oci::Descriptor& manifest : image.index->manifests)
      parts.push_back({platform_text(manifest), manifest.digest.str(), base::human_size(manifest.size)});
  }
  if (image.manifest) {
    if (image.config) add_config(rows, *image.config);
    if (!image.manifest->artifact_type.empty())
      rows.push_back({"ArtifactType:", image.manifest->artifact_type});
    add_map(rows, "Annotation:", image.manifest->annotations);
    rows.push_back({"Size:", fmt::format("{} in {} layers", base::human_size(layers_size(*image.manifest)),
                                         image.manifest->layers.size())});
    parts.push_back({"LAYER", "SIZE", "MEDIA TYPE"});
    for (const oci::Descriptor& layer : image.manifest->layers)
      parts.push_back({layer.digest.str(), base::human_size(layer.size), layer.media_type});
  }
  std::string text = report::render_table(rows) + "\n" + report::render_table(parts);
  if (image.referrers.empty()) return text;
  Rows referrers = {{"REFERRER", "ARTIFACT TYPE"}};
  for (const oci::Descriptor& one : image.referrers)
    referrers.push_back({one.digest.str(), one.artifact_type});
  return text + "\n" + report::render_table(referrers);
}

std::string render_image_json(const transfer::InspectedImage& image) {
  Json json{{"name", image.name},
            {"digest", image.document.digest.str()},
            {"mediaType", image.document.media_type},
            {"size", image.document.raw.size()}};
  if (image.index) {
    json["manifests"] = Json::array();
    for (const oci::Descriptor& manifest : image.index->manifests)
      json["manifests"].push_back(descriptor_json(manifest));
    if (!image.index->annotations.empty()) json["annotations"] = image.index->annotations;
  }
  if (image.manifest) {
    json["config"] = try_parse_json(image.config_json);
    json["layers"] = Json::array();
    for (const oci::Descriptor& layer : image.manifest->layers)
      json["layers"].push_back(descriptor_json(layer));
    if (!image.manifest->annotations.empty()) json["annotations"] = image.manifest->annotations;
  }
  for (const oci::Descriptor& one : image.referrers) json["referrers"].push_back(descriptor_json(one));
  return indented_json(json);
}

}  // namespace cooper::cli
