#include "cli/imagetools_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/go_template.h"
#include "cli/json_text.h"
#include "oci/reference.h"

namespace cooper::cli {

namespace {

// The whole reference of what was asked for, without what is no registry's.
std::string whole_name(const std::string& shown) {
  return shown.find("://") == std::string::npos ? oci::Reference::parse(shown).str() : shown;
}

std::string repository_of(const std::string& shown) {
  return shown.find("://") == std::string::npos ? oci::Reference::parse(shown).name() : shown;
}

bool is_attestation(const oci::Descriptor& manifest) {
  return !manifest.platform || manifest.platform->os == "unknown";
}

Json manifest_json(const transfer::InspectedImage& image) {
  Json json{{"schemaVersion", 2},
            {"mediaType", image.document.media_type},
            {"digest", image.document.digest.str()},
            {"size", image.document.raw.size()}};
  const Json document = parse_json(image.document.raw);
  for (const char* key : {"manifests", "config", "layers", "annotations"}) {
    if (document.contains(key)) json[key] = document[key];
  }
  return json;
}

// Of an index for one platform its config; for several one each, by platform.
Json image_json(const transfer::InspectedImage& image, const ConfigOf& config_of) {
  if (!image.index) return try_parse_json(image.config_json);
  Json configs = Json::object();
  for (const oci::Descriptor& manifest : image.index->manifests) {
    if (is_attestation(manifest)) continue;
    configs[manifest.platform->str()] = try_parse_json(config_of(*manifest.platform));
  }
  return configs.size() == 1 ? configs.front() : configs;
}

// Whether it names the image, or everything.
bool wants_image(const std::string& format) {
  return format.find("mage") != std::string::npos || format.find(" .}}") != std::string::npos ||
         format.find(" . }}") != std::string::npos;
}

}  // namespace

std::string render_imagetools(const transfer::InspectedImage& image) {
  std::string text = fmt::format("Name:      {}\nMediaType: {}\nDigest:    {}\n", whole_name(image.name),
                                 image.document.media_type, image.document.digest.str());
  if (!image.index) return text;
  text += "\nManifests:\n";
  for (const oci::Descriptor& manifest : image.index->manifests) {
    text += fmt::format("  Name:      {}@{}\n  MediaType: {}\n  Platform:  {}\n\n", repository_of(image.name),
                        manifest.digest.str(), manifest.media_type,
                        manifest.platform ? manifest.platform->str() : "unknown/unknown");
  }
  return text;
}

std::string render_imagetools(const transfer::InspectedImage& image, const std::string& format,
                              const ConfigOf& config_of) {
  Json json{{"name", whole_name(image.name)}, {"manifest", manifest_json(image)}};
  if (wants_image(format)) json["image"] = image_json(image, config_of);
  return render_template(format, json_text(json), "--format") + "\n";
}

std::string render_imagetools_metadata(const oci::Descriptor& image, const std::string& names) {
  const Json json{{"containerimage.descriptor", parse_json(image.serialize())},
                  {"containerimage.digest", image.digest.str()},
                  {"image.name", names}};
  return indented_json(json);
}

}  // namespace cooper::cli
