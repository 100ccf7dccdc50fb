#include "registry/endpoint.h"

#include <fmt/format.h>

#include "net/url.h"

namespace cooper::registry {

Endpoint endpoint_of(const std::string& host, const ClientOptions& options) {
  HostOptions chosen = options.routes->host(host);
  // The name in references differs from the machine's (distribution/reference, normalize.go).
  std::string machine = host == "docker.io" ? "registry-1.docker.io" : host;
  bool is_local = net::origin_of("http://" + machine).is_loopback();
  bool plain = chosen.plain_http || (is_local && !chosen.speaks_tls);
  return {host, (plain ? "http://" : "https://") + machine, chosen.tls};
}

HostOptions options_for_url(const std::string& url, const ClientOptions& options) {
  net::Origin origin = net::origin_of(url);
  bool usual = origin.port == (origin.scheme == "https" ? 443 : 80);
  return options.routes->host(usual ? origin.host : fmt::format("{}:{}", origin.host, origin.port));
}

}  // namespace cooper::registry
