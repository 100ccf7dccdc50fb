// JSON as the adapters' files have it. For sources only: the library is heavy. Private to adapters.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cooper::adapters {

// Indented, with a line break at the end; bytes that are no UTF-8 become U+FFFD.
inline std::string json_text(const nlohmann::ordered_json& value) {
  return value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}
// In one line.
inline std::string json_line(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace cooper::adapters
