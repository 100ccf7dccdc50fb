// Several places to look for credentials, asked in order until one has some.
//
// What a registry refused is passed over as long as its place has nothing else: an old login in a file must
// not stand before a fresh one of the cloud's.
#pragma once

#include <map>
#include <memory>
#include <mutex>
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
  bool is_refused(const std::string& host, const registry::Credential& credential);
  void remember(const std::string& host, const registry::Credential& credential);

  const std::vector<std::shared_ptr<registry::CredentialStore>> stores_;
  std::mutex mutex_;
  std::map<std::string, std::vector<registry::Credential>> given_;    // by host, since the last refusal
  std::map<std::string, std::vector<registry::Credential>> refused_;  // by host
};

// A place that has nothing for anybody, and says why.
class NoCredentials final : public registry::CredentialStore {
 public:
  explicit NoCredentials(std::string why) : why_(std::move(why)) {}
  registry::CredentialSearch find(const std::string&, const std::string&, const std::stop_token&) override {
    return {std::nullopt, {why_}};
  }

 private:
  const std::string why_;
};

}  // namespace cooper::access
