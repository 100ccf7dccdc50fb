// Reading fields of documents that others may have written: every access checks the type and throws
// Error{kCorrupt} naming the field. Private to cache.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace cooper::cache::document_json {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(std::string_view why);

// An object that is nested no deeper than any document of ours.
Json parse(std::string_view text);

const Json* find(const Json& object, const char* name);         // nullptr when absent
std::string string_of(const Json& object, const char* name);    // "" when absent
std::int64_t integer_of(const Json& object, const char* name);  // 0 when absent
bool boolean_of(const Json& object, const char* name);          // false when absent
std::optional<base::Digest> digest_of(const Json& object, const char* name);

}  // namespace cooper::cache::document_json
