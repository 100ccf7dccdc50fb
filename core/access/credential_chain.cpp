#include "access/credential_chain.h"

namespace cooper::access {

registry::CredentialSearch CredentialChain::find(const std::string& host, const std::string& repository,
                                                 const std::stop_token& stop) {
  registry::CredentialSearch all;
  for (const auto& store : stores_) {
    registry::CredentialSearch one = store->find(host, repository, stop);
    for (std::string& line : one.tried) all.tried.push_back(std::move(line));
    all.found = std::move(one.found);
    if (all.found) break;
  }
  return all;
}

void CredentialChain::refused(const std::string& host) {
  for (const auto& store : stores_) store->refused(host);
}

}  // namespace cooper::access
