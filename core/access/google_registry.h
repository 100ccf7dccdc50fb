// Google's Artifact Registry and Container Registry without a helper: the access token is the password.
// "Configure authentication to Artifact Registry for Docker", access token.
#pragma once

#include <stop_token>
#include <string>

#include "access/kept_credentials.h"
#include "cloud/context.h"
#include "cloud/google_credentials.h"
#include "registry/credentials.h"

namespace cooper::access {

class GoogleRegistryCredentials final : public registry::CredentialStore {
 public:
  explicit GoogleRegistryCredentials(cloud::CloudContext context);

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token& stop) override;
  void refused(const std::string& host) override;

 private:
  KeptCredential fetch(const std::stop_token& stop);

  const cloud::CloudContext context_;
  cloud::GoogleIdentity identity_;
  KeptCredentials kept_;  // one for all hosts
};

}  // namespace cooper::access
