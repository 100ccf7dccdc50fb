#include "access/ci_credentials.h"

#include <fmt/format.h>

namespace cooper::access {

namespace {

class Variables {
 public:
  explicit Variables(const std::map<std::string, std::string>& environment) : environment_(environment) {}

  std::string get(const std::string& name) const {
    auto found = environment_.find(name);
    return found == environment_.end() ? std::string() : found->second;
  }

  // Adds a login when host, user and password are all there and not empty.
  void add(std::vector<NamedCredential>& to, const std::string& host, const std::string& user_variable,
           const std::string& password_variable) const {
    add_as(to, host, get(user_variable), password_variable);
  }
  void add_as(std::vector<NamedCredential>& to, const std::string& host, const std::string& user,
              const std::string& password_variable) const {
    const std::string password = get(password_variable);
    if (host.empty() || user.empty() || password.empty()) return;
    registry::Credential credential;
    credential.username = user;
    credential.password = password;
    credential.source = "$" + password_variable;
    to.push_back({host, std::move(credential)});
  }

 private:
  const std::map<std::string, std::string>& environment_;
};

}  // namespace

std::vector<NamedCredential> ci_credentials(const std::map<std::string, std::string>& environment) {
  const Variables variables(environment);
  std::vector<NamedCredential> found;
  const std::string gitlab = variables.get("CI_REGISTRY");
  variables.add(found, gitlab, "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD");
  variables.add_as(found, gitlab, "gitlab-ci-token", "CI_JOB_TOKEN");
  variables.add(found, gitlab, "CI_DEPLOY_USER", "CI_DEPLOY_PASSWORD");
  variables.add(found, variables.get("CI_DEPENDENCY_PROXY_SERVER"), "CI_DEPENDENCY_PROXY_USER",
                "CI_DEPENDENCY_PROXY_PASSWORD");
  variables.add(found, "ghcr.io", "GITHUB_ACTOR", "GITHUB_TOKEN");
  for (const char* host : {"HARBOR_HOST", "HARBOR_URL"})
    variables.add(found, variables.get(host), "HARBOR_USERNAME", "HARBOR_PASSWORD");
  return found;
}

}  // namespace cooper::access
