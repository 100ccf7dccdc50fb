// Base64 of RFC 4648, section 4. Private to registry.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cooper::registry {

std::string base64_encode(std::string_view text);
std::optional<std::string> base64_decode(std::string_view text);  // padding optional; nullopt when malformed

}  // namespace cooper::registry
