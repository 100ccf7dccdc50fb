// Who we are to a registry.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::registry {

struct Credential {
  std::string username;
  std::string password;
  std::string identity_token;  // OAuth2 refresh token ("<token>" user of credential helpers)
  std::string registry_token;  // a bearer token to use as it is
  std::string source;          // where it came from, for people: "~/.docker/config.json"
};

// Finds credentials; called once per host and repository, from any thread. nullopt means anonymous.
class CredentialStore {
 public:
  virtual ~CredentialStore() = default;
  virtual std::optional<Credential> find(const std::string& host, const std::string& repository) = 0;
  // What was tried, for errors: one line each, never a value.
  virtual std::vector<std::string> tried() const = 0;
};

// Docker's config.json: auths (also per repository path), credHelpers and credsStore through `run_helper`.
// `run_helper(name, host)` runs "docker-credential-<name> get" and returns its JSON, or throws.
class DockerConfigCredentials;

}  // namespace cooper::registry
