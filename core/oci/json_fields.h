// Reading fields from hostile JSON: every access checks the type and throws Error{kCorrupt} naming the field.
//
// `null` counts as absent, as in Go. Private to oci.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "oci/descriptor.h"

namespace cooper::oci {

using Json = nlohmann::ordered_json;

// An object, at most 16 MiB and 64 levels deep. `what` names the document in errors: "image manifest".
Json parse_object(std::string_view raw, std::string_view what);

// nullptr when absent or null.
const Json* find_field(const Json& object, std::string_view name);
// The same, but throws unless it is an object or an array.
const Json* find_object(const Json& object, std::string_view name);
const Json* find_array(const Json& object, std::string_view name);

std::string string_field(const Json& object, std::string_view name);    // "" when absent
bool bool_field(const Json& object, std::string_view name);             // false when absent
std::int64_t integer_field(const Json& object, std::string_view name);  // 0 when absent
std::vector<std::string> strings_field(const Json& object, std::string_view name);
std::map<std::string, std::string> string_map_field(const Json& object, std::string_view name);

Descriptor read_descriptor(const Json& object);
Json descriptor_json(const Descriptor& descriptor);
Platform read_platform(const Json& object);
Json string_map_json(const std::map<std::string, std::string>& map);

}  // namespace cooper::oci
