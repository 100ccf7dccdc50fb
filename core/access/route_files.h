// Which files say something about registries, and their order.
#pragma once

#include <string>
#include <vector>

#include "access/route_set.h"
#include "access/toml_document.h"

namespace cooper::access {

struct RouteFiles {
  std::string system_root;      // before /etc; "" but for tests
  std::string home;             // "" when there is none
  std::string config;           // --registry-config, which stands in for all others; "" when not given
  std::string registries_conf;  // $CONTAINERS_REGISTRIES_CONF, which is then read alone
  Note note;
};

// One set a kind of file, the strongest first. A file that is not there is skipped unless it was named.
// Throws Error{kUsage} with file and line.
std::vector<RouteSet> read_route_files(const RouteFiles& files);
// The directories that may have a HOST[:PORT] each.
std::vector<std::string> certificate_roots(const RouteFiles& files);

}  // namespace cooper::access
