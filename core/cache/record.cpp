#include "cache/record.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "archive/compression.h"
#include "base/error.h"
#include "base/text.h"
#include "cache/document_json.h"

namespace cooper::cache {
namespace {

using document_json::boolean_of;
using document_json::digest_of;
using document_json::find;
using document_json::integer_of;
using document_json::Json;
using document_json::refuse;
using document_json::string_of;

constexpr std::size_t kHexDigits = 64;
constexpr std::size_t kLongestLayerId = 200;

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
    ingredients.emplace_back(base::percent_decode(text.substr(kHexDigits + 1)), *digest);
  }
  return ingredients;
}

constexpr std::pair<archive::Compression, const char*> kCompressions[] = {
    {archive::Compression::kNone, "none"},
    {archive::Compression::kGzip, "gzip"},
    {archive::Compression::kZstd, "zstd"}};

Json render(const snapshot::Sealing& sealing) {
  Json json;
  for (const auto& [type, name] : kCompressions) {
    if (type == sealing.compression.type) json["compression"] = name;
  }
  if (sealing.compression.level >= 0) json["level"] = sealing.compression.level;
  json["newest"] = sealing.newest;
  if (sealing.epoch) json["epoch"] = *sealing.epoch;
  if (sealing.fresh_since) json["freshSince"] = *sealing.fresh_since;
  Json& times = json["ownTimes"] = Json::array();
  // Names of files are any bytes, and JSON holds UTF-8 only.
  for (const auto& [path, time] : sealing.own_times)
    times.push_back(fmt::format("{} {}", time, base::escape_bytes(path)));
  return json;
}

archive::Compression compression_of(const std::string& text) {
  for (const auto& [type, name] : kCompressions) {
    if (text == name) return type;
  }
  refuse(fmt::format("unknown compression '{}'", text));
}

std::vector<std::pair<std::string, std::int64_t>> own_times_of(const Json& object) {
  std::vector<std::pair<std::string, std::int64_t>> times;
  const Json* list = find(object, "ownTimes");
  if (list == nullptr) return times;
  if (!list->is_array()) refuse("'ownTimes' is no array");
  for (const Json& item : *list) {
    if (!item.is_string()) refuse("a time of its own is no string");
    const std::string_view text = item.get_ref<const std::string&>();
    std::int64_t time = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
    const auto length = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || length == text.size() || *end != ' ')
      refuse("a time of its own has no number");
    times.emplace_back(base::percent_decode(text.substr(length + 1)), time);
  }
  std::sort(times.begin(), times.end());
  return times;
}

snapshot::Sealing sealing_of(const Json& object) {
  if (!object.is_object()) refuse("'sealing' is no object");
  snapshot::Sealing sealing;
  sealing.compression.type = compression_of(string_of(object, "compression"));
  sealing.compression.level =
      find(object, "level") == nullptr ? -1 : static_cast<int>(integer_of(object, "level"));
  sealing.newest = integer_of(object, "newest");
  if (find(object, "epoch") != nullptr) sealing.epoch = integer_of(object, "epoch");
  if (find(object, "freshSince") != nullptr) sealing.fresh_since = integer_of(object, "freshSince");
  sealing.own_times = own_times_of(object);
  return sealing;
}

std::string render(const Json& json) {
  return json.dump(1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

// A flipped bit in a digest would make a wrong image. It proves nothing about who wrote the record.
std::string checksum_of(const Json& json) {
  return base::sha256(render(json)).hex();
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
  if (sealing) json["sealing"] = render(*sealing);
  json["created"] = created;
  json["durationMs"] = duration_ms;
  Json list = Json::array();
  for (const auto& [label, digest] : ingredients)
    list.push_back(digest.hex() + " " + base::escape_bytes(label));
  json["ingredients"] = std::move(list);
  json["checksum"] = checksum_of(json);
  return render(json);
}

Record Record::parse(std::string_view json) {
  const Json object = document_json::parse(json);
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
  if (const Json* sealing = find(object, "sealing")) record.sealing = sealing_of(*sealing);
  record.created = integer_of(object, "created");
  record.duration_ms = integer_of(object, "durationMs");
  record.ingredients = ingredients_of(object);
  Json content = object;
  content.erase("checksum");
  if (string_of(object, "checksum") != checksum_of(content)) refuse("its checksum does not match");
  return record;
}

}  // namespace cooper::cache
