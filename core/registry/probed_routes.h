// Routes that know whether hosts which may be plain are: Docker and podman try TLS first with a host that is
// called insecure, and plain HTTP when that fails.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"
#include "net/http.h"
#include "registry/routes.h"

namespace cooper::registry {

class ProbedRoutes final : public Routes {
 public:
  ProbedRoutes(std::shared_ptr<net::HttpClient> http, std::shared_ptr<const Routes> routes)
      : http_(std::move(http)), routes_(std::move(routes)) {}

  // Connects to a host that may be plain, once. A host that answers neither way counts as speaking TLS.
  HostOptions host(const std::string& host) const override;
  std::vector<oci::Reference> pull_from(const oci::Reference& reference) const override {
    return routes_->pull_from(reference);
  }
  oci::Reference push_to(const oci::Reference& reference) const override {
    return routes_->push_to(reference);
  }

 private:
  bool answers(const std::string& url, const net::TlsOptions& tls) const;

  const std::shared_ptr<net::HttpClient> http_;
  const std::shared_ptr<const Routes> routes_;
  mutable base::Guarded<std::map<std::string, bool>> plain_;  // by host
};

}  // namespace cooper::registry
