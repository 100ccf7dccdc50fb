// What reaches registries, made from flags and environment: HTTP, routes, credentials, clients.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/environment.h"
#include "cli/registry_flags.h"
#include "net/http.h"
#include "registry/client.h"

namespace cooper::cli {

struct Network {
  std::shared_ptr<net::HttpClient> http;
  std::shared_ptr<registry::CredentialStore> credentials;
  registry::ClientOptions options;

  std::shared_ptr<registry::Client> client() const;
  // For caches: less patient, as these can be done without.
  std::shared_ptr<registry::Client> cache_client() const;
};

// `on_retry` hears each failed attempt as one line, from any thread. Throws Error{kUsage} for configuration
// that is malformed.
Network open_network(const Environment& environment, const RegistryFlags& flags,
                     std::function<void(const std::string&)> on_retry);

}  // namespace cooper::cli
