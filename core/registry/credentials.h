// Who we are to a registry.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"

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

// Nobody: every request is anonymous.
class AnonymousCredentials final : public CredentialStore {
 public:
  std::optional<Credential> find(const std::string&, const std::string&) override { return std::nullopt; }
  std::vector<std::string> tried() const override { return {}; }
};

// Docker's config.json: auths (also per repository path), credHelpers and credsStore through `run_helper`.
class DockerConfigCredentials final : public CredentialStore {
 public:
  // `run_helper(name, server)` runs "docker-credential-<name> get" with `server` on its standard input and
  // returns its JSON; nullopt when it knows no such server; throws when it failed. May be empty.
  using RunHelper =
      std::function<std::optional<std::string>(const std::string& name, const std::string& server)>;

  // `json` is the file's text ("" for none), `source` its name for people. Throws Error{kUsage} when it is
  // malformed.
  DockerConfigCredentials(std::string_view json, std::string source, RunHelper run_helper);

  std::optional<Credential> find(const std::string& host, const std::string& repository) override;
  std::vector<std::string> tried() const override;

 private:
  std::optional<Credential> ask_helper(const std::string& name, const std::string& host);
  void note(std::string line);

  std::string source_;
  RunHelper run_helper_;
  std::map<std::string, Credential> auths_;     // by host or host/path, scheme and "/v1/" taken off
  std::map<std::string, std::string> helpers_;  // host → helper
  std::string store_;
  base::Guarded<std::vector<std::string>> tried_;
};

}  // namespace cooper::registry
