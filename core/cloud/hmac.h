// HMAC-SHA256 (RFC 2104), which AWS and Azure sign requests with. Private to cloud.
#pragma once

#include <string>
#include <string_view>

namespace cooper::cloud {

// The 32 bytes of the code, raw.
std::string hmac_sha256(std::string_view key, std::string_view data);

}  // namespace cooper::cloud
