// The signature of Azure Storage by an account's key, as a pure function.
// "Authorize with Shared Key", the form for Blob storage of version 2015-02-21 and later.
#pragma once

#include <cstdint>
#include <string>

#include "net/http.h"

namespace cooper::cloud {

// What is signed. Path and query of `url` as they are sent, percent-encoded; `headers` with x-ms-date among
// them. `content_length`: bytes of the body.
std::string azure_string_to_sign(const std::string& method, const std::string& url,
                                 const net::Headers& headers, std::uint64_t content_length,
                                 const std::string& account);
// The Authorization header's value: "SharedKey account:signature". `key`: the account's, base64 as the portal
// shows it; throws Error{kUsage}, without the key, when it is not.
std::string sign_azure_request(const std::string& method, const std::string& url, const net::Headers& headers,
                               std::uint64_t content_length, const std::string& account,
                               const std::string& key);

}  // namespace cooper::cloud
