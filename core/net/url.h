// URLs as far as HTTP needs them: origins, redirect targets, escaping. RFC 3986; parsing is libcurl's.
#pragma once

#include <string>
#include <string_view>

namespace cooper::net {

// What credentials are bound to: they are never sent to another one.
struct Origin {
  std::string scheme;  // lower case
  std::string host;    // lower case, IPv6 in brackets
  int port = 0;        // the scheme's default when the URL has none

  bool operator==(const Origin&) const = default;
  bool is_loopback() const;
  // A machine's own metadata service (169.254.0.0/16 and its names): link-local, and trusted for that.
  bool is_link_local() const;
};

// Throws Error{kUsage} naming the redacted URL unless it is a valid http or https URL.
Origin origin_of(const std::string& url);
// `location`, absolute or relative, as seen from `base`. Throws Error{kRegistry} for what is no http(s) URL.
std::string resolve_url(const std::string& base, const std::string& location);
// `url` with "name=value" added to its query, escaped.
std::string with_query(std::string url, std::string_view name, std::string_view value);
// Everything but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

}  // namespace cooper::net
