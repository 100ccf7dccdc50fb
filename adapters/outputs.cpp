#include "adapters/outputs.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapters/json_text.h"
#include "base/text.h"

namespace cooper::adapters {
namespace {

using Json = nlohmann::ordered_json;

// A part of a variable's name: capitals, digits, '_'.
std::string variable_part(std::string_view name) {
  std::string part = base::to_upper(name);
  std::replace_if(
      part.begin(), part.end(), [](char c) { return !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')); },
      '_');
  return part;
}

// Where the tag begins, after the last '/'; npos without one.
std::size_t colon_of(const std::string& reference) {
  const std::size_t slash = reference.rfind('/');
  return reference.find(':', slash == std::string::npos ? 0 : slash);
}

std::vector<std::string> tags_of_image(const ImageResult& image) {
  std::vector<std::string> tags;
  for (const std::string& reference : image.references) {
    const std::size_t colon = colon_of(reference);
    if (colon == std::string::npos) continue;
    std::string tag = reference.substr(colon + 1);
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(std::move(tag));
  }
  return tags;
}

void add_variables(OutputVariables& variables, const std::string& prefix, const ImageResult& image) {
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) variables.emplace_back(prefix + name, value);
  };
  add("IMAGE", image.references.empty() ? "" : image.references.front());
  add("DIGEST", image.digest);
  add("IMAGE_REF", reference_with_digest(image));
  add("TAGS", base::join(tags_of_image(image), ","));
}

bool is_one_line(const std::string& value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

Json image_json(const ImageResult& image) {
  return {{"name", image.name},           {"references", image.references},
          {"digest", image.digest},       {"platforms", image.platforms},
          {"steps_run", image.steps_run}, {"steps_cached", image.steps_cached},
          {"seconds", image.seconds},     {"size", image.size}};
}

Json step_json(const StepResult& step) {
  Json object = {{"name", step.name}, {"status", step.status}, {"seconds", step.seconds}};
  if (!step.image.empty()) object["image"] = step.image;
  if (!step.cache.empty()) object["cache"] = step.cache;
  if (!step.error.empty()) object["error"] = step.error;
  return object;
}

// An object that takes members while its text stays within a limit.
class ShortObject {
 public:
  explicit ShortObject(std::size_t limit) : limit_(limit) {}

  bool add(const std::string& key, const Json& value) {
    Json larger = object_;
    larger[key] = value;
    if (json_line(larger).size() > limit_) return false;
    object_ = std::move(larger);
    return true;
  }
  std::string text() const { return json_line(object_); }

 private:
  std::size_t limit_;
  Json object_ = Json::object();
};

// As many of `values`, from the first on, as fit.
void add_list(ShortObject& object, const std::string& key, const std::vector<Json>& values) {
  Json list = Json::array();
  for (const Json& value : values) {
    list.push_back(value);
    if (!object.add(key, list)) return;
  }
}

std::string xml_character(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\n':
    case '\t':
      return {c};
    default:
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? "?" : std::string(1, c);
  }
}

}  // namespace

OutputVariables output_variables(const Results& results) {
  OutputVariables variables;
  if (results.images.empty()) return variables;
  add_variables(variables, "COOPER_", results.images.front());
  for (const ImageResult& image : results.images) {
    if (!image.name.empty()) add_variables(variables, "COOPER_" + variable_part(image.name) + "_", image);
  }
  return variables;
}

std::string Rendered::note() const {
  return left_out == 0 ? "" : fmt::format("; {} of {} left out", left_out, total);
}

Rendered render_dotenv(const OutputVariables& variables, std::size_t bytes, std::size_t variables_limit) {
  Rendered rendered;
  rendered.total = variables.size();
  std::size_t count = 0;
  for (const auto& [name, value] : variables) {
    const std::string line = name + "=" + value + "\n";
    const bool fits = count < variables_limit && rendered.text.size() + line.size() <= bytes;
    if (!fits || !is_one_line(value)) {
      ++rendered.left_out;
      continue;
    }
    rendered.text += line;
    ++count;
  }
  return rendered;
}

std::string render_exports(const OutputVariables& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    text += "export " + name + "='";
    for (const char c : value) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += "'\n";
  }
  return text;
}

std::string reference_with_digest(const ImageResult& image) {
  if (image.references.empty() || image.digest.empty()) return "";
  const std::string& reference = image.references.front();
  return reference.substr(0, colon_of(reference)) + "@" + image.digest;
}

std::string result_json(const Results& results) {
  Json images = Json::array();
  for (const ImageResult& image : results.images) images.push_back(image_json(image));
  Json object = {{"succeeded", results.succeeded}};
  if (!results.failure.empty()) object["failure"] = results.failure;
  object["images"] = std::move(images);
  for (const StepResult& step : results.steps) object["steps"].push_back(step_json(step));
  return json_text(object);
}

OutputFile result_file(const Results& results) {
  return {kResultFile, results.result_json.empty() ? result_json(results) : results.result_json, false,
          "what was built", ""};
}

std::string short_result_json(const Results& results, std::size_t limit) {
  ShortObject object(limit);
  if (!results.images.empty()) {
    const ImageResult& image = results.images.front();
    object.add("digest", image.digest);
    if (!image.references.empty()) object.add("image", image.references.front());
  }
  object.add("succeeded", results.succeeded);
  if (!results.failure.empty()) object.add("failure", results.failure);
  if (results.images.empty()) return object.text();
  std::vector<Json> others;
  for (std::size_t i = 1; i < results.images.size(); ++i) {
    const ImageResult& image = results.images[i];
    others.push_back(
        {{"name", image.name}, {"digest", image.digest}, {"image", reference_with_digest(image)}});
  }
  const std::vector<std::string> tags = tags_of_image(results.images.front());
  add_list(object, "images", others);
  add_list(object, "tags", {tags.begin(), tags.end()});
  return object.text();
}

// What is no UTF-8 becomes U+FFFD on its way through JSON.
std::string xml_text(std::string_view text) {
  std::string escaped;
  for (const char c : Json::parse(json_line(Json(text))).get<std::string>()) escaped += xml_character(c);
  return escaped;
}

}  // namespace cooper::adapters
