// The flags of every command that reaches registries: who we are there, and where they really are.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "access/open_routes.h"
#include "cli/arguments.h"
#include "cli/environment.h"

namespace cooper::cli {

struct RegistryFlags {
  std::vector<std::string> auth;  // --registry-auth
  std::vector<std::string> mirrors;
  std::vector<std::string> maps;
  std::vector<std::string> authorities;
  std::vector<std::string> client_certificates;
  std::vector<std::string> plain_hosts;
  std::vector<std::string> unverified_hosts;
  std::string config;
  bool no_fallback = false;

  // Without a flag of cooper's own: what Kaniko's command line says besides.
  std::vector<std::string> lax_hosts;                      // plain HTTP where nothing speaks TLS
  access::OtherHosts others;                               // every host that was not named
  std::optional<std::set<std::string>> credential_places;  // as access::CredentialOptions has them
  bool kaniko_variables = false;                           // KANIKO_<HOST>_USER and _PASSWORD
  int attempts = 0;                                        // of a request, where more than usual
  std::string client_type;                                 // behind cooper's name in User-Agent
};

void add_registry_flags(Command command, RegistryFlags& flags);
// --registry-auth, and then COOPER_REGISTRY_AUTH, one a line.
std::vector<std::string> auth_options(const RegistryFlags& flags, const Environment& environment);
access::RouteOptions route_options(const RegistryFlags& flags, const Environment& environment);

}  // namespace cooper::cli
