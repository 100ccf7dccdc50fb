#include "access/route_set.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "net/redact.h"
#include "oci/reference.h"

namespace cooper::access {

namespace {

constexpr std::string_view kHostCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_path(std::string_view path) {
  if (path.empty()) return true;
  try {
    const oci::Reference parsed = oci::Reference::parse(fmt::format("host.example/{}", path));
    return parsed.repository == path && !parsed.digest && parsed.tag == "latest";
  } catch (const base::Error&) {
    return false;
  }
}

std::string normal_host(std::string_view host) {
  const bool is_hub = host == "index.docker.io" || host == "registry-1.docker.io";
  return is_hub ? "docker.io" : std::string(host);
}

}  // namespace

Route& RouteSet::route(const std::string& prefix, const std::string& source) {
  const auto found =
      std::find_if(routes.begin(), routes.end(), [&](const Route& route) { return route.prefix == prefix; });
  if (found != routes.end()) return *found;
  Route route;
  route.prefix = prefix;
  route.source = source;
  return routes.emplace_back(std::move(route));
}

std::string host_of(std::string_view name) {
  return std::string(name.substr(0, name.find('/')));
}

Place parse_place(std::string_view text, const std::string& what) {
  std::string_view rest = base::trim(text);
  Place place;
  place.plain_http = take_prefix(rest, "http://");
  if (!place.plain_http) take_prefix(rest, "https://");
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  const std::string_view host = rest.substr(0, rest.find('/'));
  const std::string_view path = rest.substr(std::min(host.size() + 1, rest.size()));
  if (host.empty() || host.find_first_not_of(kHostCharacters) != std::string_view::npos || !is_path(path)) {
    // What is before an '@' may be somebody's password.
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("{}: '{}' is no place of a registry", what,
                                  text.find('@') == std::string_view::npos
                                      ? std::string(text)
                                      : net::redact_url(fmt::format("https://{}", rest))))
        .hint("write it as HOST[:PORT][/PATH], without user, tag or digest");
  }
  place.host = normal_host(host);
  place.name = path.empty() ? place.host : fmt::format("{}/{}", place.host, path);
  return place;
}

}  // namespace cooper::access
