// Weighs what all sources say about registries: the strongest source that names mirrors for a name decides
// them, trust is the sum of all.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "access/route_set.h"
#include "base/guarded.h"
#include "registry/routes.h"

namespace cooper::access {

struct RouteTableOptions {
  std::vector<RouteSet> sets;  // the strongest first
  // Where HOST[:PORT] may have a directory of certificates, the strongest first.
  std::vector<std::string> certificate_roots;
  bool fallback = true;  // whether a name that has mirrors is also pulled from where it says
  OtherHosts others = {};
};

class RouteTable final : public registry::Routes {
 public:
  explicit RouteTable(RouteTableOptions options) : options_(std::move(options)) {}

  registry::HostOptions host(const std::string& host) const override;
  std::vector<oci::Reference> pull_from(const oci::Reference& reference) const override;
  oci::Reference push_to(const oci::Reference& reference) const override;

 private:
  // What is said of this host in particular.
  HostSettings settings_of(const std::string& host) const;
  HostSettings settings_named(const std::string& name) const;
  HostSettings settings_of_others(const std::string& host) const;

  const RouteTableOptions options_;
  // Certificates are looked for once a host, when it is first spoken to.
  mutable base::Guarded<std::map<std::string, registry::HostOptions>> hosts_;
};

}  // namespace cooper::access
