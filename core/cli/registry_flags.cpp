#include "cli/registry_flags.h"

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace cooper::cli {

void add_registry_flags(CLI::App& app, RegistryFlags& flags) {
  app.add_option("--registry-auth,--authfile", flags.auth,
                 "who we are to registries: a config.json or auth.json, or\n"
                 "host=HOST,username=NAME,password-env=VARIABLE|password-file=FILE")
      ->allow_extra_args(false);
}

std::vector<std::string> auth_options(const RegistryFlags& flags, const Environment& environment) {
  std::vector<std::string> values = flags.auth;
  for (const std::string& line : base::split(environment.get("COOPER_REGISTRY_AUTH"), '\n')) {
    if (std::string_view value = base::trim(line); !value.empty()) values.emplace_back(value);
  }
  return values;
}

access::RouteOptions route_options(const RegistryFlags&, const Environment& environment) {
  access::RouteOptions options;
  options.environment = environment.variables();
  return options;
}

}  // namespace cooper::cli
