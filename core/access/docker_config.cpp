#include "access/docker_config.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "access/cloud_hosts.h"
#include "access/credential_helper.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"

namespace cooper::access {

using registry::Credential;
using registry::CredentialSearch;

namespace {

// Docker Hub's name in config.json since its first version.
constexpr std::string_view kDockerHubServer = "https://index.docker.io/v1/";

std::string text_field(const nlohmann::json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<Credential> read_auth(const nlohmann::json& entry, const std::string& server,
                                    const std::string& source) {
  Credential credential;
  credential.source = source;
  credential.username = text_field(entry, "username");
  credential.password = text_field(entry, "password");
  credential.identity_token = text_field(entry, "identitytoken");
  credential.registry_token = text_field(entry, "registrytoken");
  std::string encoded = text_field(entry, "auth");
  if (!encoded.empty()) {
    std::optional<std::string> pair = base::base64_decode(base::trim(encoded));
    std::size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) {
      throw base::Error(base::ErrorKind::kUsage,
                        fmt::format("'auth' of '{}' in {} is not base64 of user:password", server, source))
          .hint("log in again, or write it with: printf 'user:password' | base64");
    }
    credential.username = pair->substr(0, colon);
    credential.password = pair->substr(colon + 1);
    // Old Docker clients padded with NUL bytes.
    while (!credential.password.empty() && credential.password.back() == '\0') credential.password.pop_back();
  }
  bool empty = credential.username.empty() && credential.password.empty() &&
               credential.identity_token.empty() && credential.registry_token.empty();
  if (empty) return std::nullopt;  // `docker login` leaves "{}" behind when a helper keeps the secret
  return credential;
}

// Where cooper knows the way itself, a helper that is missing is no loss.
std::string instead_of_helper(const std::string& host) {
  const bool is_known = parse_ecr_host(host) || is_google_registry(host) || is_azure_registry(host);
  return is_known ? ", so cooper asks the cloud itself" : "";
}

std::map<std::string, std::string> read_helpers(const nlohmann::json& config) {
  std::map<std::string, std::string> helpers;
  auto field = config.find("credHelpers");
  if (field == config.end() || !field->is_object()) return helpers;
  for (const auto& [server, name] : field->items()) {
    if (name.is_string()) helpers[canonical_server(server)] = name.get<std::string>();
  }
  return helpers;
}

}  // namespace

std::string canonical_server(std::string_view server) {
  for (std::string_view scheme : {"https://", "http://"}) {
    if (server.substr(0, scheme.size()) == scheme) server.remove_prefix(scheme.size());
  }
  while (!server.empty() && server.back() == '/') server.remove_suffix(1);
  std::size_t slash = std::min(server.find('/'), server.size());
  std::string_view host = server.substr(0, slash);
  std::string_view path = server.substr(slash);
  if (path == "/v1" || path == "/v2") path = {};
  constexpr std::string_view kPort = ":443";
  if (host.size() > kPort.size() && host.substr(host.size() - kPort.size()) == kPort)
    host.remove_suffix(kPort.size());
  const bool is_hub =
      host == "index.docker.io" || host == "registry-1.docker.io" || host == "registry.hub.docker.com";
  if (is_hub) host = "docker.io";
  return std::string(host) + std::string(path);
}

std::string server_in_config(const std::string& host) {
  return canonical_server(host) == "docker.io" ? std::string(kDockerHubServer) : host;
}

DockerConfigCredentials::DockerConfigCredentials(std::string_view json, std::string source,
                                                 RunHelper run_helper)
    : source_(std::move(source)), run_helper_(std::move(run_helper)) {
  if (base::trim(json).empty()) return;
  nlohmann::json config = nlohmann::json::parse(json, nullptr, false);
  if (!config.is_object()) {
    throw base::Error(base::ErrorKind::kUsage, fmt::format("{} is not a JSON object", source_));
  }
  helpers_ = read_helpers(config);
  store_ = text_field(config, "credsStore");
  auto auths = config.find("auths");
  if (auths == config.end() || !auths->is_object()) return;
  for (const auto& [server, entry] : auths->items()) {
    if (!entry.is_object()) continue;
    if (auto credential = read_auth(entry, server, source_)) auths_[canonical_server(server)] = *credential;
  }
}

// The most specific of auths wins (containers-auth.json(5): host/namespace/repo, then its parents, then the
// host); a helper for the host comes before the general store.
CredentialSearch DockerConfigCredentials::find(const std::string& host, const std::string& repository,
                                               const std::stop_token& stop) {
  std::string server = canonical_server(host);
  std::string path = server + "/" + repository;
  while (path.size() > server.size()) {
    if (auto found = auths_.find(path); found != auths_.end()) return {found->second, {}};
    path.resize(path.rfind('/'));
  }
  CredentialSearch search;
  if (auto helper = helpers_.find(server); helper != helpers_.end()) {
    search.found = by_helper(helper->second, host, search.tried, stop);
  } else if (!store_.empty()) {
    search.found = by_helper(store_, host, search.tried, stop);
  }
  if (search.found) return search;
  if (auto found = auths_.find(server); found != auths_.end()) {
    search.found = found->second;
  } else {
    search.tried.push_back(fmt::format("{} has nothing for '{}'", source_, host));
  }
  return search;
}

std::optional<Credential> DockerConfigCredentials::by_helper(const std::string& name, const std::string& host,
                                                             std::vector<std::string>& tried,
                                                             const std::stop_token& stop) const {
  const std::string program = helper_program(name);
  if (!run_helper_) {
    tried.push_back(fmt::format("{} cannot be run here", program));
    return std::nullopt;
  }
  const std::string server = server_in_config(host);
  std::optional<std::string> answer;
  try {
    answer = run_helper_(name, server, stop);
  } catch (base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    tried.push_back(is_helper_missing(error)
                        ? fmt::format("{} is not installed{}", program, instead_of_helper(host))
                        : fmt::format("{} failed for '{}': {}", program, server, error.summary()));
    return std::nullopt;
  }
  if (!answer) {
    tried.push_back(fmt::format("{} has nothing for '{}'", program, server));
    return std::nullopt;
  }
  nlohmann::json fields = nlohmann::json::parse(*answer, nullptr, false);
  std::string secret = fields.is_object() ? text_field(fields, "Secret") : std::string();
  if (secret.empty()) {
    tried.push_back(fmt::format("{} gave no secret for '{}'", program, server));
    return std::nullopt;
  }
  Credential credential;
  credential.source = program;
  credential.username = text_field(fields, "Username");
  // The helpers' protocol marks an OAuth2 refresh token by this user name.
  if (credential.username == "<token>") {
    credential.username.clear();
    credential.identity_token = secret;
  } else {
    credential.password = secret;
  }
  return credential;
}

}  // namespace cooper::access
