#include "cache/azure_service.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cloud/azure_shared_key.h"
#include "cloud/refusal.h"
#include "net/url.h"

namespace cooper::cache {

namespace {

constexpr const char* kVersion = "2020-10-02";
constexpr const char* kResource = "https://storage.azure.com";

}  // namespace

AzureService::AzureService(cloud::CloudContext context, AzurePlace place)
    : context_(context), place_(std::move(place)), identity_(std::move(context), kResource) {}

std::string AzureService::name() const {
  std::string_view prefix = base::trim(place_.prefix, "/");
  std::string name = fmt::format("azblob {}/{}", place_.account, place_.container);
  return prefix.empty() ? name : fmt::format("{}/{}", name, prefix);
}

net::Request AzureService::request(const ObjectCall& call, const std::stop_token& stop) {
  net::Request request;
  request.method = call.method;
  request.url = url_with_query(
      fmt::format("{}/{}{}", place_.account_url, net::percent_encode(place_.container), call.path),
      call.query);
  request.headers = call.headers;
  request.headers.emplace_back("x-ms-version", kVersion);
  request.headers.emplace_back("x-ms-date", cloud::http_timestamp(context_.now()));
  request.follow_redirects = false;
  if (!place_.account_key.empty()) {
    const std::uint64_t length = call.stream ? call.stream->size : call.body.size();
    request.headers.emplace_back(
        "Authorization", cloud::sign_azure_request(request.method, request.url, request.headers, length,
                                                   place_.account, place_.account_key));
  } else if (!place_.sas.empty()) {
    request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + place_.sas;
  } else {
    request.headers.emplace_back("Authorization", "Bearer " + identity_.token(stop).value);
  }
  return request;
}

bool AzureService::learn(const net::Response& refusal) {
  if (refusal.status != 401 || !has_token()) return false;
  identity_.forget();
  return true;
}

std::string AzureService::hint(const net::Response& refusal) const {
  const std::string code = cloud::read_refusal(refusal).code;
  if (code == "ContainerNotFound") return "create the container, or check its name";
  if (code == "AuthorizationPermissionMismatch" || code == "AuthorizationFailure")
    return "grant 'Storage Blob Data Contributor' on the container";
  if (refusal.status != 401 && refusal.status != 403) return {};
  if (!place_.account_key.empty())
    return "check account_name and secret_access_key, and this machine's clock";
  if (!place_.sas.empty())
    return "check the shared access signature of account_url: its times and its rights";
  return "grant 'Storage Blob Data Contributor' on the container";
}

}  // namespace cooper::cache
