// Where a registry host is reached, and what Docker Hub is called in each place. Private to registry.
#pragma once

#include <string>

#include "net/http.h"
#include "registry/client.h"

namespace cooper::registry {

struct Endpoint {
  std::string host;  // as references spell it: "docker.io"
  std::string base;  // "https://registry-1.docker.io"
  net::TlsOptions tls;
};

Endpoint endpoint_of(const std::string& host, const ClientOptions& options);
// The options for any URL, also of token servers: those of its host.
HostOptions options_for_url(const std::string& url, const ClientOptions& options);

}  // namespace cooper::registry
