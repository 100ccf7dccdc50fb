// Where repositories really are: what this module asks about mirrors, TLS and plain HTTP, answered by
// access/.
#pragma once

#include <string>
#include <vector>

#include "net/http.h"
#include "oci/reference.h"

namespace cooper::registry {

struct HostOptions {
  bool plain_http = false;    // also chosen by itself for loopback hosts that are not known to speak TLS
  bool may_be_plain = false;  // plain HTTP where nothing speaks TLS
  bool speaks_tls = false;    // somebody said how to speak TLS with this host in particular
  net::TlsOptions tls;
};

class Routes {
 public:
  virtual ~Routes() = default;
  // How `host`, "r.example:5000" as references spell it, is spoken to; also asked for token servers and
  // wherever else a registry sends us. Throws Error for certificates that cannot be read.
  virtual HostOptions host(const std::string& host) const = 0;
  // Where `reference` is pulled from, in order: its mirrors' names for it, and last its own, unless there is
  // to be no fallback. At least one. Throws Error{kUsage} for what is blocked.
  virtual std::vector<oci::Reference> pull_from(const oci::Reference& reference) const = 0;
  // Where it is pushed to. Throws Error{kUsage} for what is blocked.
  virtual oci::Reference push_to(const oci::Reference& reference) const = 0;
};

// Every name means itself, over TLS by the system's authorities.
class DirectRoutes final : public Routes {
 public:
  HostOptions host(const std::string&) const override { return {}; }
  std::vector<oci::Reference> pull_from(const oci::Reference& reference) const override {
    return {reference};
  }
  oci::Reference push_to(const oci::Reference& reference) const override { return reference; }
};

}  // namespace cooper::registry
