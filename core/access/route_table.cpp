#include "access/route_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

#include "access/certificates.h"
#include "base/error.h"

namespace cooper::access {

namespace {

// How much of `name` the prefix stands for; 0 when it does not match.
std::size_t matched_length(std::string_view name, std::string_view prefix) {
  if (prefix.starts_with("*.")) {
    const std::string_view host = name.substr(0, name.find('/'));
    const std::string_view domain = prefix.substr(1);
    return host.size() > domain.size() && host.ends_with(domain) ? host.size() : 0;
  }
  if (!name.starts_with(prefix)) return 0;
  return name.size() == prefix.size() || name[prefix.size()] == '/' ? prefix.size() : 0;
}

// The longest prefix wins (containers-registries.conf(5)).
const Route* best_route(const RouteSet& set, std::string_view name) {
  const Route* best = nullptr;
  for (const Route& route : set.routes) {
    if (matched_length(name, route.prefix) == 0) continue;
    if (best == nullptr || route.prefix.size() > best->prefix.size()) best = &route;
  }
  return best;
}

oci::Reference moved(const oci::Reference& reference, const Route& route, const std::string& place) {
  const std::string name = reference.name();
  const std::string target = place + name.substr(matched_length(name, route.prefix));
  const std::size_t slash = target.find('/');
  if (slash == std::string::npos) {
    throw base::Error(
        base::ErrorKind::kUsage,
        fmt::format("{}: '{}' leads to '{}', which names no repository", route.source, name, target))
        .hint("give the place a path, or the prefix none");
  }
  oci::Reference result = reference;
  result.host = target.substr(0, slash);
  result.repository = target.substr(slash + 1);
  return result;
}

bool serves(const Mirror& mirror, const oci::Reference& reference) {
  switch (mirror.pulls) {
    case Mirror::Pulls::kAll:
      return true;
    case Mirror::Pulls::kDigestOnly:
      return reference.digest.has_value();
    case Mirror::Pulls::kTagOnly:
      return !reference.digest.has_value();
  }
  return true;
}

void add_settings(const HostSettings& more, HostSettings& settings) {
  settings.plain_http |= more.plain_http;
  settings.insecure |= more.insecure;
  settings.may_be_plain |= more.may_be_plain;
  settings.verify &= more.verify;
  settings.ca_files.insert(settings.ca_files.end(), more.ca_files.begin(), more.ca_files.end());
  if (!settings.client_cert.empty()) return;
  settings.client_cert = more.client_cert;
  settings.client_key = more.client_key;
}

bool says_how_to_speak_tls(const HostSettings& settings) {
  return !settings.ca_files.empty() || !settings.client_cert.empty() || !settings.verify || settings.insecure;
}

// Registries choose the hosts of their token servers.
bool is_file_name(const std::string& host) {
  return !host.empty() && host.front() != '.' && host.find('/') == std::string::npos;
}

void check_readable(const std::string& host, const std::string& path) {
  if (path.empty() || ::access(path.c_str(), R_OK) == 0) return;
  throw base::Error(base::ErrorKind::kUsage,
                    fmt::format("cannot read '{}', a certificate or key for registry '{}'", path, host))
      .with_errno(errno);
}

}  // namespace

HostSettings RouteTable::settings_of(const std::string& host) const {
  HostSettings settings = settings_named(host);
  for (const RouteSet& set : options_.sets) {
    settings.insecure |= std::any_of(set.insecure_ranges.begin(), set.insecure_ranges.end(),
                                     [&](const AddressRange& range) { return range.contains(host); });
  }
  if (!is_file_name(host)) return settings;
  for (const std::string& root : options_.certificate_roots) add_certificates(root + "/" + host, settings);
  return settings;
}

HostSettings RouteTable::settings_named(const std::string& name) const {
  HostSettings settings;
  for (const RouteSet& set : options_.sets) {
    if (const auto found = set.hosts.find(name); found != set.hosts.end())
      add_settings(found->second, settings);
  }
  return settings;
}

HostSettings RouteTable::settings_of_others(const std::string& host) const {
  HostSettings settings;
  const std::vector<std::string>& named = options_.others.but;
  if (std::find(named.begin(), named.end(), host) != named.end()) return settings;
  settings.may_be_plain = options_.others.may_be_plain;
  settings.verify = options_.others.verify;
  return settings;
}

registry::HostOptions RouteTable::host(const std::string& host) const {
  return hosts_.with([&](std::map<std::string, registry::HostOptions>& hosts) {
    if (const auto known = hosts.find(host); known != hosts.end()) return known->second;
    HostSettings settings = settings_of(host);
    const bool speaks_tls = says_how_to_speak_tls(settings);
    add_settings(settings_named(""), settings);
    add_settings(settings_of_others(host), settings);
    for (const std::string& file : settings.ca_files) check_readable(host, file);
    check_readable(host, settings.client_cert);
    check_readable(host, settings.client_key);
    registry::HostOptions options;
    options.plain_http = settings.plain_http;
    options.speaks_tls = speaks_tls;
    options.may_be_plain = (settings.insecure || settings.may_be_plain) && !settings.plain_http;
    options.tls.ca_files = settings.ca_files;
    options.tls.client_cert = settings.client_cert;
    options.tls.client_key = settings.client_key;
    options.tls.verify = settings.verify && !settings.insecure;
    hosts.emplace(host, options);
    return options;
  });
}

oci::Reference RouteTable::push_to(const oci::Reference& reference) const {
  const std::string name = reference.name();
  std::optional<oci::Reference> target;
  for (const RouteSet& set : options_.sets) {
    const Route* route = best_route(set, name);
    if (route == nullptr) continue;
    if (route->blocked) {
      throw base::Error(base::ErrorKind::kUsage, fmt::format("'{}' is blocked by {}", name, route->source))
          .hint("use another image, or change that file");
    }
    if (!target && !route->location.empty()) target = moved(reference, *route, route->location);
  }
  return target.value_or(reference);
}

std::vector<oci::Reference> RouteTable::pull_from(const oci::Reference& reference) const {
  const oci::Reference own = push_to(reference);
  std::vector<oci::Reference> places;
  auto add = [&](const oci::Reference& place) {
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  };
  for (const RouteSet& set : options_.sets) {
    const Route* route = best_route(set, reference.name());
    if (route == nullptr || route->mirrors.empty()) continue;
    for (const Mirror& mirror : route->mirrors) {
      if (serves(mirror, reference)) add(moved(reference, *route, mirror.place));
    }
    break;
  }
  if (options_.fallback || places.empty()) add(own);
  return places;
}

}  // namespace cooper::access
