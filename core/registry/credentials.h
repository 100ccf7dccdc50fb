// Who we are to a registry: what this module asks, answered by access/.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cooper::registry {

struct Credential {
  std::string username;
  std::string password;
  std::string identity_token;  // OAuth2 refresh token ("<token>" user of credential helpers)
  std::string registry_token;  // a bearer token to use as it is
  std::string source;          // where it came from, for people: "~/.docker/config.json"
  // When to ask for another one; nullopt: it does not expire, as far as is known.
  std::optional<std::chrono::system_clock::time_point> renew_at;
};

// What came of looking for a credential.
struct CredentialSearch {
  std::optional<Credential> found;  // nullopt: be anonymous
  // The places that had none, or failed, one line each and never a value: "config.json has nothing for 'r'".
  std::vector<std::string> tried;
};

class CredentialStore {
 public:
  virtual ~CredentialStore() = default;
  // `host` as references spell it. May run programs and ask services; called from any thread, for each host
  // and repository once, and again when the credential is to be renewed or was refused. A place that is
  // broken is one that was tried; throws Error{kCancelled} only.
  virtual CredentialSearch find(const std::string& host, const std::string& repository,
                                const std::stop_token& stop) = 0;
  // The registry refused what find() gave for `host`: whatever is kept of it is not to be given again.
  virtual void refused(const std::string& /*host*/) {}
};

// Nobody: every request is anonymous.
class AnonymousCredentials final : public CredentialStore {
 public:
  CredentialSearch find(const std::string&, const std::string&, const std::stop_token&) override {
    return {};
  }
};

}  // namespace cooper::registry
