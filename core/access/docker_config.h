// Docker's config.json and podman's auth.json: auths (also per repository path), credHelpers and credsStore.
// docker/cli, "docker login"; containers-auth.json(5).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/credentials.h"

namespace cooper::access {

class DockerConfigCredentials final : public registry::CredentialStore {
 public:
  // access::ask_helper, or what stands for it. May be empty.
  using RunHelper = std::function<std::optional<std::string>(
      const std::string& name, const std::string& server, const std::stop_token& stop)>;

  // `json` is the file's text ("" for none), `source` its name for people. Throws Error{kUsage} when it is
  // malformed.
  DockerConfigCredentials(std::string_view json, std::string source, RunHelper run_helper);

  registry::CredentialSearch find(const std::string& host, const std::string& repository,
                                  const std::stop_token& stop) override;

 private:
  std::optional<registry::Credential> by_helper(const std::string& name, const std::string& host,
                                                std::vector<std::string>& tried,
                                                const std::stop_token& stop) const;

  const std::string source_;
  const RunHelper run_helper_;
  std::map<std::string, registry::Credential> auths_;  // by host or host/path, scheme and "/v1/" taken off
  std::map<std::string, std::string> helpers_;         // host → helper
  std::string store_;
};

// "https://ghcr.io/v2/" → "ghcr.io"; "gitlab.example:443" → "gitlab.example", as https has that port anyway;
// every name of Docker Hub → "docker.io". A path behind the host stays.
std::string canonical_server(std::string_view server);
// What config.json and helpers call the registry: the host, but for Docker Hub, which has an old name there.
std::string server_in_config(const std::string& host);

}  // namespace cooper::access
