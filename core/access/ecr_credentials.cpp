#include "access/ecr_credentials.h"

#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "cloud/access_token.h"
#include "cloud/aws_endpoint.h"
#include "cloud/refusal.h"

namespace cooper::access {

namespace {

constexpr std::chrono::hours kLife{12};
constexpr const char* kTarget = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
constexpr const char* kPublicTarget = "SpencerFrontendService.GetAuthorizationToken";

std::string name_of(const EcrHost& host) {
  return host.is_public ? "Amazon ECR Public" : fmt::format("Amazon ECR of '{}'", host.region);
}

// When the answer says that the token ends, if it can be believed: some doubles of AWS name a day long gone.
cloud::TimePoint end_of(const nlohmann::json& data, cloud::TimePoint now) {
  auto field = data.find("expiresAt");
  if (field == data.end() || !field->is_number()) return now + kLife;
  const double seconds = field->get<double>();
  const double from_now =
      seconds -
      static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  const bool is_likely = from_now > 0 && from_now < std::chrono::duration<double>(2 * kLife).count();
  return now + (is_likely ? std::chrono::seconds(static_cast<std::int64_t>(from_now)) : kLife);
}

// The public registry answers with an object, the private ones with a list of one.
nlohmann::json data_of(const std::string& body) {
  nlohmann::json answer = nlohmann::json::parse(body, nullptr, false);
  auto data = answer.is_object() ? answer.find("authorizationData") : answer.end();
  if (!answer.is_object() || data == answer.end()) return nullptr;
  if (data->is_array()) return data->empty() ? nlohmann::json(nullptr) : data->front();
  return *data;
}

}  // namespace

EcrCredentials::EcrCredentials(cloud::CloudContext context)
    : context_(std::move(context)), identity_(context_, {}), kept_(context_.now) {}

registry::CredentialSearch EcrCredentials::find(const std::string& host, const std::string&,
                                                const std::stop_token& stop) {
  const std::optional<EcrHost> ecr = parse_ecr_host(host);
  if (!ecr) return {};
  return kept_.get(
      ecr->endpoint, [&](const std::stop_token& token) { return fetch(*ecr, token); }, stop);
}

void EcrCredentials::refused(const std::string& host) {
  const std::optional<EcrHost> ecr = parse_ecr_host(host);
  if (!ecr) return;
  // The token dies with the session that asked for it, so the keys may be dead too.
  identity_.forget();
  kept_.forget(ecr->endpoint);
}

std::string EcrCredentials::url_of(const EcrHost& host) const {
  const std::string given = cloud::aws_endpoint_override(context_, host.is_public ? "ECR_PUBLIC" : "ECR");
  return (given.empty() ? host.endpoint : given) + "/";
}

KeptCredential EcrCredentials::fetch(const EcrHost& host, const std::stop_token& stop) {
  const cloud::AwsCredentials keys = identity_.credentials(stop);
  net::Request request;
  request.method = "POST";
  request.url = url_of(host);
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", host.is_public ? kPublicTarget : kTarget}};
  request.body = "{}";
  const cloud::AwsScope scope = {host.region, host.is_public ? "ecr-public" : "ecr"};
  net::Headers added = cloud::sign_aws_request(request.method, request.url, request.headers,
                                               base::sha256(request.body).hex(), keys, scope, context_.now());
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  net::Response response = cloud::ask_service(context_, request, stop);
  auto failure = [&](const std::string& what) {
    return base::Error(base::ErrorKind::kAuth,
                       fmt::format("{}, asked as {}, {}", name_of(host), keys.source, what));
  };
  if (response.status != 200) throw failure("answered " + cloud::refusal_text(response));
  const nlohmann::json data = data_of(response.body);
  auto token = data.is_object() ? data.find("authorizationToken") : data.end();
  const bool has_token = data.is_object() && token != data.end() && token->is_string();
  const std::optional<std::string> pair =
      has_token ? base::base64_decode(token->get<std::string>()) : std::nullopt;
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) throw failure("gave no token");
  const cloud::TimePoint now = context_.now();
  KeptCredential kept;
  kept.expires = end_of(data, now);
  kept.credential.username = pair->substr(0, colon);
  kept.credential.password = pair->substr(colon + 1);
  kept.credential.source = fmt::format("{} by {}", name_of(host), keys.source);
  kept.credential.renew_at = half_life(now, *kept.expires);
  return kept;
}

}  // namespace cooper::access
