// Bearer tokens of Google and Microsoft: what every OAuth token endpoint answers (RFC 6749, section 5).
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "cloud/context.h"

namespace cooper::cloud {

struct AccessToken {
  std::string value;
  std::optional<TimePoint> expires;
  std::string source;  // for people: "the service account 'ci@…'"
};

// Sends and reads {"access_token":…,"expires_in":…}. Throws Error{kAuth} with what the service said; `source`
// names who was asked for whom.
AccessToken fetch_access_token(const CloudContext& context, const net::Request& request,
                               const std::string& source, const std::stop_token& stop);
// Throws Error{kAuth} unless the answer is a token.
AccessToken read_access_token(const CloudContext& context, const net::Response& response,
                              const std::string& source);
// Throws Error{kAuth} for a URL that a secret must not be sent to: neither https nor this machine.
void check_secret_goes_to(const std::string& url, const std::string& source);

}  // namespace cooper::cloud
