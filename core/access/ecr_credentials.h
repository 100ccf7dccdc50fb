// Amazon ECR without a helper: a token of twelve hours for whoever AWS's own places say we are.
//
// "Amazon ECR API Reference" and "Amazon ECR Public API Reference", GetAuthorizationToken: JSON 1.1 over
// SigV4. The token is the base64 of a user and a password for Basic authentication, good for every repository
// of the region that the role may use.
#pragma once

#include <stop_token>
#include <string>

#include "access/cloud_hosts.h"
#include "access/kept_credentials.h"
#include "cloud/aws_credentials.h"
#include "cloud/context.h"
#include "registry/credentials.h"

namespace cooper::access {

class EcrCredentials final : public registry::CredentialStore {
 public:
  // Follows AWS_ENDPOINT_URL_ECR, AWS_ENDPOINT_URL_ECR_PUBLIC and AWS_ENDPOINT_URL.
  explicit EcrCredentials(cloud::CloudContext context);

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token& stop) override;
  void refused(const std::string& host) override;

 private:
  KeptCredential fetch(const EcrHost& host, const std::stop_token& stop);
  std::string url_of(const EcrHost& host) const;

  const cloud::CloudContext context_;
  cloud::AwsIdentity identity_;
  KeptCredentials kept_;  // by region and kind
};

}  // namespace cooper::access
