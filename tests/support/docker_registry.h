// Debian's docker-registry on a free loopback port, with its storage in a directory of its own; ended by the
// destructor.
#pragma once

#include <memory>
#include <string>

#include "support/child_server.h"

namespace cooper::testing {

class DockerRegistry {
 public:
  struct Options {
    bool password = false;  // wants user "ci" with password "secret" (htpasswd)
    // Wants tokens of this server (a JwtTokenServer), which signs with this certificate (PEM).
    std::string token_realm;
    std::string token_certificate;
  };

  // Why it cannot run here, "" when it can: give it to GTEST_SKIP.
  static std::string unavailable();

  DockerRegistry() : DockerRegistry(Options()) {}
  explicit DockerRegistry(Options options);
  ~DockerRegistry();
  DockerRegistry(const DockerRegistry&) = delete;
  DockerRegistry& operator=(const DockerRegistry&) = delete;

  std::string host() const { return server_->host(); }

 private:
  std::string folder_;
  std::unique_ptr<ChildServer> server_;
};

}  // namespace cooper::testing
