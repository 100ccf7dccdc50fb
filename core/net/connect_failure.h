// What to make of a connection that failed: whether it may pass, and what the user can do. Private to net.
#pragma once

#include <curl/curl.h>
#include <string>
#include <string_view>

namespace cooper::net {

struct ConnectFailure {
  bool is_lasting = false;  // no later attempt will do better
  std::string hint;         // "" when there is nothing to say
};

// `reason`: libcurl's own words, which quote OpenSSL's.
ConnectFailure connect_failure(CURLcode code, std::string_view reason);

}  // namespace cooper::net
