// Credentials in variables that are named after the host, as Kaniko has them: of "registry.example.com" they
// are KANIKO_REGISTRY_EXAMPLE_COM_USER and …_PASSWORD.
#pragma once

#include <map>
#include <string>

#include "registry/credentials.h"

namespace cooper::access {

class HostVariables final : public registry::CredentialStore {
 public:
  explicit HostVariables(std::map<std::string, std::string> environment)
      : environment_(std::move(environment)) {}

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token& stop) override;

 private:
  std::string get(const std::string& name) const;

  const std::map<std::string, std::string> environment_;
};

}  // namespace cooper::access
