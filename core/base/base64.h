// Base64 of RFC 4648: section 4's alphabet, and section 5's for what goes into URLs and tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cooper::base {

std::string base64_encode(std::string_view text);
std::string base64url_encode(std::string_view text);              // no padding, as JWTs have it
std::optional<std::string> base64_decode(std::string_view text);  // padding optional; nullopt when malformed

}  // namespace cooper::base
