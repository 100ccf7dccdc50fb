// Everything that says where registries really are and how they are spoken to, read once.
//
// In this order, the strongest first: flags; where one was not given its variable, COOPER_REGISTRY_…;
// registries.conf with its drop-ins; buildkitd.toml; docker's daemon.json; and certs.d directories.
// --registry-config FILE stands in for the three files. docs/registries.md says it to users.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "access/route_set.h"
#include "registry/routes.h"

namespace cooper::access {

struct RouteOptions {
  std::map<std::string, std::string> environment;  // where files of the user's are
  std::string system_root;                         // before /etc; "" but for tests
  // The flags' values, as given.
  std::vector<std::string> mirrors;
  std::vector<std::string> maps;
  std::vector<std::string> authorities;
  std::vector<std::string> client_certificates;
  std::vector<std::string> plain_hosts;
  std::vector<std::string> unverified_hosts;
  std::vector<std::string> lax_hosts;  // plain HTTP where nothing speaks TLS; Kaniko's --insecure-registry
  OtherHosts others;
  std::string config;
  bool no_fallback = false;
  std::function<void(const std::string&)> on_note;  // what files say to no effect, a line each; may be empty
};

// Throws Error{kUsage} naming the flag or the file, its line where it has one, and what is wrong.
std::shared_ptr<const registry::Routes> open_routes(const RouteOptions& options);

}  // namespace cooper::access
