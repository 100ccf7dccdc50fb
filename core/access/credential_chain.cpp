#include "access/credential_chain.h"

#include <algorithm>
#include <fmt/format.h>

namespace cooper::access {

using registry::Credential;
using registry::CredentialSearch;

namespace {

bool holds(const std::vector<Credential>& credentials, const Credential& wanted) {
  return std::any_of(credentials.begin(), credentials.end(), [&](const Credential& one) {
    return one.username == wanted.username && one.password == wanted.password &&
           one.identity_token == wanted.identity_token && one.registry_token == wanted.registry_token;
  });
}

}  // namespace

CredentialSearch CredentialChain::find(const std::string& host, const std::string& repository,
                                       const std::stop_token& stop) {
  CredentialSearch all;
  std::optional<Credential> refused_before;
  for (const auto& store : stores_) {
    CredentialSearch one = store->find(host, repository, stop);
    for (std::string& line : one.tried) all.tried.push_back(std::move(line));
    if (!one.found) continue;
    if (!is_refused(host, *one.found)) {
      all.found = std::move(one.found);
      break;
    }
    all.tried.push_back(fmt::format("what {} has for '{}' was refused", one.found->source, host));
    if (!refused_before) refused_before = std::move(one.found);
  }
  // Better to be refused by name than to be nobody.
  if (!all.found) all.found = std::move(refused_before);
  if (all.found) remember(host, *all.found);
  return all;
}

void CredentialChain::refused(const std::string& host) {
  {
    std::scoped_lock lock(mutex_);
    std::vector<Credential>& refused = refused_[host];
    for (Credential& credential : given_[host]) {
      if (!holds(refused, credential)) refused.push_back(std::move(credential));
    }
    given_[host].clear();
  }
  for (const auto& store : stores_) store->refused(host);
}

bool CredentialChain::is_refused(const std::string& host, const Credential& credential) {
  std::scoped_lock lock(mutex_);
  return holds(refused_[host], credential);
}

void CredentialChain::remember(const std::string& host, const Credential& credential) {
  std::scoped_lock lock(mutex_);
  std::vector<Credential>& given = given_[host];
  if (!holds(given, credential)) given.push_back(credential);
}

}  // namespace cooper::access
