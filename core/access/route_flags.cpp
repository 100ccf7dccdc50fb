#include "access/route_flags.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::access {

namespace {

base::Error malformed(const std::string& value, const std::string& what, const std::string& form) {
  return base::Error(base::ErrorKind::kUsage,
                     fmt::format("{}: '{}' is not of the form {}", what, value, form))
      .hint(fmt::format("write it as {}", form));
}

void add_route(const std::string& from, const std::string& to, const std::string& what, RouteSet& set) {
  const Place source = parse_place(from, what);
  const Place target = parse_place(to, what);
  set.route(source.name, what).mirrors.push_back({target.name, Mirror::Pulls::kAll});
  if (target.plain_http) set.hosts[target.host].plain_http = true;
}

// The part of a host alone: certificates and insecurity are about machines, not about paths on them.
std::string host_alone(const std::string& text, const std::string& what) {
  const Place place = parse_place(text, what);
  if (place.name == place.host) return place.host;
  throw base::Error(base::ErrorKind::kUsage, fmt::format("{}: '{}' is more than a host", what, text))
      .hint("write it as HOST[:PORT]");
}

}  // namespace

void add_mirror(const std::string& value, const std::string& what, RouteSet& set) {
  const std::size_t equals = value.find('=');
  if (equals == std::string::npos) {
    add_route("docker.io", value, what, set);
  } else {
    add_route(value.substr(0, equals), value.substr(equals + 1), what, set);
  }
}

void add_map(const std::string& value, const std::string& what, RouteSet& set) {
  for (const std::string& item : base::split(value, ';')) {
    if (base::trim(item).empty()) continue;
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos) throw malformed(item, what, "HOST[/PREFIX]=HOST[/PREFIX]");
    add_route(item.substr(0, equals), item.substr(equals + 1), what, set);
  }
}

void add_authority(const std::string& value, const std::string& what, RouteSet& set) {
  const std::size_t equals = value.find('=');
  // A path may hold a '=' of its own.
  const bool names_host = equals != std::string::npos && value.find('/') > equals;
  const std::string file = names_host ? value.substr(equals + 1) : value;
  if (file.empty()) throw malformed(value, what, "[HOST=]FILE");
  set.hosts[names_host ? host_alone(value.substr(0, equals), what) : ""].ca_files.push_back(file);
}

void add_client_certificate(const std::string& value, const std::string& what, RouteSet& set) {
  const std::size_t equals = value.find('=');
  const std::size_t comma = value.find(',', equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || comma == std::string::npos || comma == equals + 1 ||
      comma + 1 == value.size())
    throw malformed(value, what, "HOST=CERT,KEY");
  HostSettings& settings = set.hosts[host_alone(value.substr(0, equals), what)];
  settings.client_cert = value.substr(equals + 1, comma - equals - 1);
  settings.client_key = value.substr(comma + 1);
}

void add_plain_host(const std::string& value, const std::string& what, RouteSet& set) {
  set.hosts[host_alone(value, what)].plain_http = true;
}

void add_lax_host(const std::string& value, const std::string& what, RouteSet& set) {
  set.hosts[host_alone(value, what)].may_be_plain = true;
}

void add_unverified_host(const std::string& value, const std::string& what, RouteSet& set) {
  set.hosts[host_alone(value, what)].verify = false;
}

}  // namespace cooper::access
