#include "oci/json_fields.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cooper::oci {

namespace {

constexpr std::size_t kLongestDocument = 16U << 20;
constexpr int kDeepest = 64;

[[noreturn]] void wrong_type(std::string_view name, std::string_view wanted) {
  throw base::Error(base::ErrorKind::kCorrupt, fmt::format("field '{}' is not {}", name, wanted));
}

}  // namespace

Json parse_object(std::string_view raw, std::string_view what) {
  if (raw.size() > kLongestDocument) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("{} of {} bytes is larger than the limit of {}",
                                                             what, raw.size(), kLongestDocument));
  }
  auto check_depth = [what](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepest) {
      throw base::Error(base::ErrorKind::kCorrupt,
                        fmt::format("{} is nested deeper than {} levels", what, kDeepest));
    }
    return true;
  };
  Json document;
  try {
    document = Json::parse(raw, check_depth);
  } catch (const nlohmann::json::exception& error) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("{} is not valid JSON: {}", what, error.what()));
  }
  if (!document.is_object()) {
    throw base::Error(base::ErrorKind::kCorrupt, fmt::format("{} is not a JSON object", what));
  }
  return document;
}

const Json* find_field(const Json& object, std::string_view name) {
  auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json* find_object(const Json& object, std::string_view name) {
  const Json* field = find_field(object, name);
  if (field != nullptr && !field->is_object()) wrong_type(name, "an object");
  return field;
}

const Json* find_array(const Json& object, std::string_view name) {
  const Json* field = find_field(object, name);
  if (field != nullptr && !field->is_array()) wrong_type(name, "an array");
  return field;
}

std::string string_field(const Json& object, std::string_view name) {
  const Json* field = find_field(object, name);
  if (field == nullptr) return {};
  if (!field->is_string()) wrong_type(name, "a string");
  return field->get<std::string>();
}

bool bool_field(const Json& object, std::string_view name) {
  const Json* field = find_field(object, name);
  if (field == nullptr) return false;
  if (!field->is_boolean()) wrong_type(name, "true or false");
  return field->get<bool>();
}

std::int64_t integer_field(const Json& object, std::string_view name) {
  const Json* field = find_field(object, name);
  if (field == nullptr) return 0;
  if (!field->is_number_integer()) wrong_type(name, "an integer");
  if (field->is_number_unsigned() && field->get<std::uint64_t>() > INT64_MAX)
    wrong_type(name, "a 64-bit integer");
  return field->get<std::int64_t>();
}

std::vector<std::string> strings_field(const Json& object, std::string_view name) {
  std::vector<std::string> values;
  const Json* field = find_array(object, name);
  if (field == nullptr) return values;
  values.reserve(field->size());
  for (const Json& value : *field) {
    if (!value.is_string()) wrong_type(name, "an array of strings");
    values.push_back(value.get<std::string>());
  }
  return values;
}

std::map<std::string, std::string> string_map_field(const Json& object, std::string_view name) {
  std::map<std::string, std::string> values;
  const Json* field = find_object(object, name);
  if (field == nullptr) return values;
  for (const auto& [key, value] : field->items()) {
    if (!value.is_string()) wrong_type(name, "an object of strings");
    values[key] = value.get<std::string>();
  }
  return values;
}

Json string_map_json(const std::map<std::string, std::string>& map) {
  Json object = Json::object();
  for (const auto& [key, value] : map) object[key] = value;
  return object;
}

}  // namespace cooper::oci
