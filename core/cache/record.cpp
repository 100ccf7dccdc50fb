#include "cache/record.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cooper::cache {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kHexDigits = 64;
constexpr std::size_t kLongestLayerId = 200;

// Labels name files, whose names are any bytes; JSON holds UTF-8 only.
std::string escape(std::string_view label) {
  std::string text;
  for (char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '%') {
      text += c;
    } else {
      text += fmt::format("%{:02x}", byte);
    }
  }
  return text;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

[[noreturn]] void refuse(std::string_view why) {
  throw base::Error(base::ErrorKind::kCorrupt, fmt::format("malformed cache record: {}", why));
}

std::string unescape(std::string_view text) {
  std::string label;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      label += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) {
      refuse("an ingredient's label has a bad escape");
    }
    label += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return label;
}

const Json* find(const Json& object, const char* name) {
  const auto field = object.find(name);
  return field == object.end() ? nullptr : &*field;
}

std::string string_of(const Json& object, const char* name) {
  const Json* field = find(object, name);
  if (field == nullptr) return {};
  if (!field->is_string()) refuse(fmt::format("'{}' is no string", name));
  return field->get<std::string>();
}

std::int64_t integer_of(const Json& object, const char* name) {
  const Json* field = find(object, name);
  if (field == nullptr) return 0;
  // An unsigned value that does not fit would turn negative without a word.
  if (!field->is_number_integer() ||
      (field->is_number_unsigned() && field->get<std::uint64_t>() > INT64_MAX)) {
    refuse(fmt::format("'{}' is no integer", name));
  }
  return field->get<std::int64_t>();
}

bool boolean_of(const Json& object, const char* name) {
  const Json* field = find(object, name);
  if (field == nullptr) return false;
  if (!field->is_boolean()) refuse(fmt::format("'{}' is no boolean", name));
  return field->get<bool>();
}

std::optional<base::Digest> digest_of(const Json& object, const char* name) {
  if (find(object, name) == nullptr) return std::nullopt;
  return base::Digest::parse_or_throw(string_of(object, name));
}

// A layer's id becomes a part of a path.
std::string layer_id_of(const Json& object) {
  std::string id = string_of(object, "layerId");
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
  if (!plain || id.size() > kLongestLayerId || id.starts_with('.')) refuse("'layerId' is no layer id");
  return id;
}

std::vector<std::pair<std::string, base::Digest>> ingredients_of(const Json& object) {
  std::vector<std::pair<std::string, base::Digest>> ingredients;
  const Json* list = find(object, "ingredients");
  if (list == nullptr) return ingredients;
  if (!list->is_array()) refuse("'ingredients' is no array");
  ingredients.reserve(list->size());
  for (const Json& item : *list) {
    if (!item.is_string()) refuse("an ingredient is no string");
    const std::string_view text = item.get_ref<const std::string&>();
    const auto digest = base::Digest::from_hex(text.substr(0, kHexDigits));
    if (!digest || text.size() <= kHexDigits || text[kHexDigits] != ' ')
      refuse("an ingredient has no digest");
    ingredients.emplace_back(unescape(text.substr(kHexDigits + 1)), *digest);
  }
  return ingredients;
}

// How deeply objects and arrays are nested in JSON text, well-formed or not.
int nesting(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

Json parse_json(std::string_view text) {
  // Parsing needs no stack for nested values, but writing them out again does.
  constexpr int kDeepest = 8;
  if (nesting(text) > kDeepest) refuse("nested too deeply");
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) refuse("not a JSON object");
  return json;
}

}  // namespace

std::string Record::serialize() const {
  Json json;
  json["schema"] = kKeySchema;
  json["key"] = key.str();
  if (content_key) json["contentKey"] = content_key->str();
  json["step"] = step;
  json["stepId"] = step_id;
  if (no_change) json["noChange"] = true;
  if (!layer_id.empty()) json["layerId"] = layer_id;
  if (diff_id) json["diffId"] = diff_id->str();
  if (blob) json["blob"] = Json::parse(blob->serialize());
  json["maxMtime"] = max_mtime;
  json["created"] = created;
  json["durationMs"] = duration_ms;
  Json list = Json::array();
  for (const auto& [label, digest] : ingredients) list.push_back(digest.hex() + " " + escape(label));
  json["ingredients"] = std::move(list);
  return json.dump(1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

Record Record::parse(std::string_view json) {
  const Json object = parse_json(json);
  if (integer_of(object, "schema") != kKeySchema) refuse("made by another version of cooper");
  const std::optional<base::Digest> key = digest_of(object, "key");
  if (!key) refuse("no key");
  Record record;
  record.key = *key;
  record.content_key = digest_of(object, "contentKey");
  record.step = string_of(object, "step");
  record.step_id = string_of(object, "stepId");
  record.no_change = boolean_of(object, "noChange");
  record.layer_id = layer_id_of(object);
  record.diff_id = digest_of(object, "diffId");
  if (const Json* blob = find(object, "blob")) record.blob = oci::Descriptor::parse(blob->dump());
  record.max_mtime = integer_of(object, "maxMtime");
  record.created = integer_of(object, "created");
  record.duration_ms = integer_of(object, "durationMs");
  record.ingredients = ingredients_of(object);
  return record;
}

}  // namespace cooper::cache
