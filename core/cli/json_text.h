// JSON to text and back. A source that does it itself makes its own copies of the library's reader and
// writer, which take seconds to compile; what only puts a value together needs neither.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace cooper::cli {

using Json = nlohmann::ordered_json;

// Throws nlohmann's parse_error.
Json parse_json(std::string_view text);
// Without an exception: text that is no JSON becomes a value that is_discarded().
Json try_parse_json(std::string_view text);

// Bytes that are no UTF-8 become U+FFFD.
std::string json_text(const Json& value);      // in one line
std::string indented_json(const Json& value);  // by two blanks a level, with a final line feed

}  // namespace cooper::cli
