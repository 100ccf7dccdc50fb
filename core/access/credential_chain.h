// Several places to look for credentials, asked in order until one has some.
#pragma once

#include <memory>
#include <vector>

#include "registry/credentials.h"

namespace cooper::access {

class CredentialChain final : public registry::CredentialStore {
 public:
  explicit CredentialChain(std::vector<std::shared_ptr<registry::CredentialStore>> stores)
      : stores_(std::move(stores)) {}

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token& stop) override;
  void refused(const std::string& host) override;

 private:
  const std::vector<std::shared_ptr<registry::CredentialStore>> stores_;
};

}  // namespace cooper::access
