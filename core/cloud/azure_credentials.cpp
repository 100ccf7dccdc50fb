#include "cloud/azure_credentials.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cloud/refusal.h"
#include "net/url.h"

namespace cooper::cloud {

namespace {

constexpr const char* kAuthority = "https://login.microsoftonline.com";
constexpr const char* kMetadata = "http://169.254.169.254";

std::string without_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

}  // namespace

AzureIdentity::AzureIdentity(CloudContext context, std::string resource)
    : context_(std::move(context)),
      resource_(std::move(resource)),
      token_(context_.now, [this](const std::stop_token& stop) { return fetch(stop); }) {}

AccessToken AzureIdentity::fetch(const std::stop_token& stop) const {
  std::vector<std::string> tried;
  if (std::optional<AccessToken> token = by_client(tried, stop)) return *token;
  if (std::optional<AccessToken> token = by_machine(tried, stop)) return *token;
  throw base::Error(base::ErrorKind::kAuth,
                    fmt::format("no Azure credentials found; looked in: {}", base::join(tried, "; ")))
      .hint(
          "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give the job a managed identity");
}

// OAuth's client credentials grant, by a secret or by an assertion (RFC 7521).
std::optional<AccessToken> AzureIdentity::by_client(std::vector<std::string>& tried,
                                                    const std::stop_token& stop) const {
  const std::string tenant = context_.variable("AZURE_TENANT_ID");
  const std::string client = context_.variable("AZURE_CLIENT_ID");
  const std::string secret = context_.variable("AZURE_CLIENT_SECRET");
  const std::string file = context_.variable("AZURE_FEDERATED_TOKEN_FILE");
  if (tenant.empty() || client.empty()) {
    tried.emplace_back("the environment (AZURE_TENANT_ID and AZURE_CLIENT_ID are not set)");
    return std::nullopt;
  }
  std::vector<std::pair<std::string, std::string>> fields = {
      {"grant_type", "client_credentials"}, {"client_id", client}, {"scope", resource_ + "/.default"}};
  if (!secret.empty()) {
    fields.emplace_back("client_secret", secret);
  } else if (!file.empty()) {
    fields.emplace_back("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    fields.emplace_back("client_assertion", read_token_file(file, "federated token"));
  } else if (!context_.variable("AZURE_CLIENT_CERTIFICATE_PATH").empty()) {
    throw base::Error(
        base::ErrorKind::kUnsupported,
        "AZURE_CLIENT_CERTIFICATE_PATH is set, but cooper does not support certificates of clients")
        .hint("use AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE");
  } else {
    tried.emplace_back("the environment (neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set)");
    return std::nullopt;
  }
  std::string authority = without_slash(context_.variable("AZURE_AUTHORITY_HOST"));
  if (authority.empty()) authority = kAuthority;
  net::Request request =
      form_request(fmt::format("{}/{}/oauth2/v2.0/token", authority, net::percent_encode(tenant)), fields);
  return fetch_access_token(context_, request, fmt::format("the client '{}'", client), stop);
}

std::optional<AccessToken> AzureIdentity::by_machine(std::vector<std::string>& tried,
                                                     const std::stop_token& stop) const {
  std::string host = without_slash(context_.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST"));
  std::string url =
      (host.empty() ? kMetadata : host) + "/metadata/identity/oauth2/token?api-version=2018-02-01";
  url = net::with_query(url, "resource", resource_ + "/");
  // Which of several identities that were assigned to the machine.
  if (std::string client = context_.variable("AZURE_CLIENT_ID"); !client.empty())
    url = net::with_query(url, "client_id", client);
  std::string why_not;
  std::optional<net::Response> response =
      ask_metadata(context_, metadata_request("GET", url, {{"Metadata", "true"}}), why_not, stop);
  if (response && response->status == 200)
    return read_access_token(context_, *response, "the machine's managed identity");
  if (response) why_not = "it answered " + refusal_text(*response);
  tried.push_back(fmt::format("managed identity ({})", why_not));
  return std::nullopt;
}

}  // namespace cooper::cloud
