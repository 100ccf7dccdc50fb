// JSON as the adapters' files have it. Private to adapters.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace cooper::adapters {

// Indented, with a line break at the end; bytes that are no UTF-8 become U+FFFD.
std::string json_text(const nlohmann::ordered_json& value);
// In one line, without one at its end.
std::string json_line(const nlohmann::ordered_json& value);

}  // namespace cooper::adapters
