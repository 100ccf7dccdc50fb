// The values of --registry-… flags, one at a time. Each throws Error{kUsage} naming `what`, the flag or the
// variable that the value came from.
#pragma once

#include <string>

#include "access/route_set.h"

namespace cooper::access {

// "[HOST[/PREFIX]=]MIRROR[/PREFIX]": a mirror, of docker.io when nothing else is said.
void add_mirror(const std::string& value, const std::string& what, RouteSet& set);
// "HOST[/PREFIX]=HOST[/PREFIX][;…]": the same for several.
void add_map(const std::string& value, const std::string& what, RouteSet& set);
// "[HOST=]FILE": an authority, for every host when nothing else is said.
void add_authority(const std::string& value, const std::string& what, RouteSet& set);
// "HOST=CERT,KEY".
void add_client_certificate(const std::string& value, const std::string& what, RouteSet& set);
void add_plain_host(const std::string& value, const std::string& what, RouteSet& set);
// Plain HTTP, but only where nothing speaks TLS.
void add_lax_host(const std::string& value, const std::string& what, RouteSet& set);
void add_unverified_host(const std::string& value, const std::string& what, RouteSet& set);

}  // namespace cooper::access
