// The flags of every command that reaches registries: who we are there, and where they really are.
#pragma once

#include "access/open_routes.h"
#include "cli/environment.h"

namespace CLI {
class App;
}

namespace cooper::cli {

struct RegistryFlags {};

void add_registry_flags(CLI::App& app, RegistryFlags& flags);
access::RouteOptions route_options(const RegistryFlags& flags, const Environment& environment);

}  // namespace cooper::cli
