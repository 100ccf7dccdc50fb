// Credentials that were given by name: which host, or which part of it, they are for.
#pragma once

#include <string>
#include <vector>

#include "registry/credentials.h"

namespace cooper::access {

struct NamedCredential {
  std::string server;  // "r.example:5000" or "r.example/team", in any of canonical_server()'s forms
  registry::Credential credential;
};

// Whether a credential for `server` is one for this repository.
bool is_meant(const std::string& server, const std::string& host, const std::string& repository);

class NamedCredentials final : public registry::CredentialStore {
 public:
  // `source` names the place in "… has nothing for 'host'". The first that is meant is taken.
  NamedCredentials(std::vector<NamedCredential> named, std::string source)
      : named_(std::move(named)), source_(std::move(source)) {}

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token& stop) override;

 private:
  const std::vector<NamedCredential> named_;
  const std::string source_;
};

}  // namespace cooper::access
