#include "cli/registry_flags.h"

#include <CLI/CLI.hpp>

namespace cooper::cli {

void add_registry_flags(CLI::App&, RegistryFlags&) {}

access::RouteOptions route_options(const RegistryFlags&, const Environment& environment) {
  access::RouteOptions options;
  options.environment = environment.variables();
  return options;
}

}  // namespace cooper::cli
