#include "cache/document_json.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cooper::cache::document_json {
namespace {

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

}  // namespace

void refuse(std::string_view why) {
  throw base::Error(base::ErrorKind::kCorrupt, fmt::format("malformed cache document: {}", why));
}

Json parse(std::string_view text) {
  // Parsing needs no stack for nested values, but writing them out again does.
  constexpr int kDeepest = 8;
  if (nesting(text) > kDeepest) refuse("nested too deeply");
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) refuse("not a JSON object");
  return json;
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

}  // namespace cooper::cache::document_json
