// Azure Container Registry without a helper: a token of Microsoft Entra ID is exchanged for a refresh token
// of the registry.
//
// Azure/acr, "docs/AAD-OAuth", "Calling POST /oauth2/exchange to get an ACR refresh token".
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "access/kept_credentials.h"
#include "cloud/azure_credentials.h"
#include "cloud/context.h"
#include "registry/credentials.h"

namespace cooper::access {

class AzureRegistryCredentials final : public registry::CredentialStore {
 public:
  explicit AzureRegistryCredentials(cloud::CloudContext context);

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token& stop) override;
  void refused(const std::string& host) override;

 private:
  // Each of Azure's clouds has an authority and an audience of its own, told by the host's end.
  cloud::AzureIdentity& identity(const std::string& registry);
  KeptCredential fetch(const std::string& registry, const std::stop_token& stop);

  const cloud::CloudContext context_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<cloud::AzureIdentity>> identities_;  // by the host's end
  KeptCredentials kept_;                                                     // by host
};

}  // namespace cooper::access
