#include "cli/network.h"

#include <algorithm>

#include "access/open_credentials.h"
#include "cloud/context.h"

namespace cooper::cli {

namespace {

// A cache that does not answer soon is worth less than the time that it takes.
constexpr int kCacheAttempts = 3;
constexpr std::chrono::seconds kCacheConnectTimeout{10};
constexpr std::chrono::seconds kCacheStallTimeout{20};

net::ClientOptions http_options(const Environment& environment) {
  auto either = [&](const char* lower, const char* upper) {
    return environment.get(lower, environment.get(upper));
  };
  const std::string all = either("all_proxy", "ALL_PROXY");
  auto proxy = [&](const char* lower, const char* upper) {
    return environment.get(lower, environment.get(upper, all));
  };
  net::ClientOptions options;
  options.http_proxy = proxy("http_proxy", "HTTP_PROXY");
  options.https_proxy = proxy("https_proxy", "HTTPS_PROXY");
  options.no_proxy = either("no_proxy", "NO_PROXY");
  options.ca_file = environment.get("SSL_CERT_FILE");
  options.ca_directory = environment.get("SSL_CERT_DIR");
  return options;
}

}  // namespace

std::shared_ptr<registry::Client> Network::client() const {
  return registry::Client::create(http, credentials, options);
}

std::shared_ptr<registry::Client> Network::cache_client() const {
  registry::ClientOptions impatient = options;
  impatient.retry.attempts = kCacheAttempts;
  impatient.connect_timeout = kCacheConnectTimeout;
  impatient.stall_timeout = kCacheStallTimeout;
  return registry::Client::create(http, credentials, impatient);
}

Network open_network(const Environment& environment, const RegistryFlags& flags,
                     std::function<void(const std::string&)> on_retry) {
  Network network;
  net::ClientOptions http = http_options(environment);
  if (!flags.client_type.empty()) http.user_agent += "," + flags.client_type;
  network.http = net::HttpClient::create(std::move(http));
  access::RouteOptions routes = route_options(flags, environment);
  routes.on_note = on_retry;
  network.options.routes = access::open_routes(routes);
  network.options.on_retry = on_retry;
  network.options.retry.attempts = std::max(network.options.retry.attempts, flags.attempts);
  cloud::CloudContext cloud;
  cloud.http = network.http;
  cloud.environment = environment.variables();
  cloud.on_retry = std::move(on_retry);
  network.credentials = access::open_credentials(
      cloud, {auth_options(flags, environment), flags.credential_places, flags.kaniko_variables});
  return network;
}

}  // namespace cooper::cli
