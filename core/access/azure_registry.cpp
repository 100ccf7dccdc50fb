#include "access/azure_registry.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "access/cloud_hosts.h"
#include "access/docker_config.h"
#include "base/error.h"
#include "cloud/refusal.h"

namespace cooper::access {

namespace {

// What a registry's refresh token is good for, which the exchange does not say.
constexpr std::chrono::hours kLife{3};

struct AzureCloud {
  const char* resource;
  const char* authority;
};

AzureCloud cloud_of(const std::string& end) {
  if (end == "cn") return {"https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"};
  if (end == "us") return {"https://management.usgovcloudapi.net", "https://login.microsoftonline.us"};
  // Registries that are told not to take tokens of the resource manager take this one too.
  return {"https://containerregistry.azure.net", ""};
}

}  // namespace

AzureRegistryCredentials::AzureRegistryCredentials(cloud::CloudContext context)
    : context_(std::move(context)), kept_(context_.now) {}

registry::CredentialSearch AzureRegistryCredentials::find(const std::string& host, const std::string&,
                                                          const std::stop_token& stop) {
  if (!is_azure_registry(host)) return {};
  const std::string registry = canonical_server(host);
  return kept_.get(
      registry, [&](const std::stop_token& token) { return fetch(registry, token); }, stop);
}

void AzureRegistryCredentials::refused(const std::string& host) {
  if (!is_azure_registry(host)) return;
  const std::string registry = canonical_server(host);
  identity(registry).forget();
  kept_.forget(registry);
}

cloud::AzureIdentity& AzureRegistryCredentials::identity(const std::string& registry) {
  const std::string end = registry.substr(registry.rfind('.') + 1);
  std::scoped_lock lock(mutex_);
  std::unique_ptr<cloud::AzureIdentity>& found = identities_[end];
  if (!found) {
    const AzureCloud where = cloud_of(end);
    cloud::CloudContext context = context_;
    if (context.variable("AZURE_AUTHORITY_HOST").empty())
      context.environment["AZURE_AUTHORITY_HOST"] = where.authority;
    found = std::make_unique<cloud::AzureIdentity>(std::move(context), where.resource);
  }
  return *found;
}

KeptCredential AzureRegistryCredentials::fetch(const std::string& registry, const std::stop_token& stop) {
  const cloud::AccessToken entra = identity(registry).token(stop);
  std::vector<std::pair<std::string, std::string>> fields = {{"grant_type", "access_token"},
                                                             {"service", registry}};
  if (std::string tenant = context_.variable("AZURE_TENANT_ID"); !tenant.empty())
    fields.emplace_back("tenant", tenant);
  fields.emplace_back("access_token", entra.value);
  const net::Response response = cloud::ask_service(
      context_, cloud::form_request(fmt::format("https://{}/oauth2/exchange", registry), fields), stop);
  auto failure = [&](const std::string& what) {
    return base::Error(base::ErrorKind::kAuth, fmt::format("the token exchange of '{}', asked as {}, {}",
                                                           registry, entra.source, what));
  };
  if (response.status != 200) throw failure("answered " + cloud::refusal_text(response));
  const nlohmann::json answer = nlohmann::json::parse(response.body, nullptr, false);
  auto token = answer.is_object() ? answer.find("refresh_token") : answer.end();
  const bool has_token = answer.is_object() && token != answer.end() && token->is_string();
  if (!has_token || token->get<std::string>().empty()) throw failure("gave no refresh token");
  const cloud::TimePoint now = context_.now();
  KeptCredential kept;
  kept.expires = now + kLife;
  kept.credential.identity_token = token->get<std::string>();
  kept.credential.source = entra.source;
  kept.credential.renew_at = half_life(now, *kept.expires);
  return kept;
}

}  // namespace cooper::access
