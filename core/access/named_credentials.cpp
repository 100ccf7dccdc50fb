#include "access/named_credentials.h"

#include <fmt/format.h>

#include "access/docker_config.h"

namespace cooper::access {

bool is_meant(const std::string& server, const std::string& host, const std::string& repository) {
  const std::string wanted = canonical_server(server);
  const std::string name = canonical_server(host) + "/" + repository + "/";
  return !wanted.empty() && name.rfind(wanted + "/", 0) == 0;
}

registry::CredentialSearch NamedCredentials::find(const std::string& host, const std::string& repository,
                                                  const std::stop_token&) {
  for (const NamedCredential& named : named_) {
    if (is_meant(named.server, host, repository)) return {named.credential, {}};
  }
  return {std::nullopt, {fmt::format("{} has nothing for '{}'", source_, host)}};
}

}  // namespace cooper::access
