#include "cloud/aws_sts.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "cloud/aws_endpoint.h"
#include "cloud/refusal.h"
#include "cloud/xml.h"

namespace cooper::cloud {

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kLongestName = 64;

// The global endpoint signs as this region.
std::string signing_region(const std::string& region) {
  return region.empty() ? "us-east-1" : region;
}

std::string endpoint(const CloudContext& context, const std::string& region) {
  std::string url = aws_endpoint_override(context, "STS");
  if (!url.empty()) return url + "/";
  if (region.empty()) return "https://sts.amazonaws.com/";
  return fmt::format("https://sts.{}.{}/", region, aws_domain(region));
}

// 2 to 64 of [A-Za-z0-9_+=,.@-]: names of jobs have blanks and slashes.
std::string session_name(const AwsRole& role) {
  static constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-";
  std::string name = role.session_name.substr(0, kLongestName);
  for (char& c : name) {
    if (kAllowed.find(c) == std::string_view::npos) c = '-';
  }
  return name.size() < 2 ? "cooper" : name;
}

Fields fields_of(const char* action, const AwsRole& role) {
  Fields fields = {{"Action", action},
                   {"Version", "2011-06-15"},
                   {"RoleArn", role.arn},
                   {"RoleSessionName", session_name(role)}};
  if (!role.duration.empty()) fields.emplace_back("DurationSeconds", role.duration);
  return fields;
}

AwsCredentials exchange(const CloudContext& context, const AwsRole& role, const std::string& action,
                        const net::Request& request, const std::stop_token& stop) {
  net::Response response = ask_service(context, request, stop);
  if (response.status != 200) {
    bool may_pass = net::is_retryable_status(response.status);
    throw base::Error(may_pass ? base::ErrorKind::kRegistry : base::ErrorKind::kAuth,
                      fmt::format("cannot assume the role '{}': the security token service answered {}",
                                  role.arn, refusal_text(response)))
        .hint("check the role's trust policy: it says who may assume it");
  }
  std::optional<XmlElement> answer = parse_xml(response.body);
  const XmlElement* result = answer ? answer->child(action + "Result") : nullptr;
  AwsCredentials credentials;
  if (result != nullptr) {
    credentials.access_key_id = result->text_at({"Credentials", "AccessKeyId"});
    credentials.secret_access_key = result->text_at({"Credentials", "SecretAccessKey"});
    credentials.session_token = result->text_at({"Credentials", "SessionToken"});
    credentials.expires = parse_timestamp(result->text_at({"Credentials", "Expiration"}));
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !credentials.expires) {
    throw base::Error(base::ErrorKind::kAuth,
                      fmt::format("cannot assume the role '{}': the answer holds no keys", role.arn));
  }
  return credentials;
}

}  // namespace

AwsCredentials assume_role(const CloudContext& context, const std::string& region, const AwsRole& role,
                           const AwsCredentials& by, const std::stop_token& stop) {
  Fields fields = fields_of("AssumeRole", role);
  if (!role.external_id.empty()) fields.emplace_back("ExternalId", role.external_id);
  net::Request request = form_request(endpoint(context, region), fields);
  net::Headers added =
      sign_aws_request(request.method, request.url, request.headers, base::sha256(request.body).hex(), by,
                       {signing_region(region), "sts"}, context.now());
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  AwsCredentials credentials = exchange(context, role, "AssumeRole", request, stop);
  credentials.source = fmt::format("role '{}' by {}", role.arn, by.source);
  return credentials;
}

AwsCredentials assume_role_with_token_file(const CloudContext& context, const std::string& region,
                                           const AwsRole& role, const std::string& token_file,
                                           const std::stop_token& stop) {
  Fields fields = fields_of("AssumeRoleWithWebIdentity", role);
  fields.emplace_back("WebIdentityToken", read_token_file(token_file, "web identity token"));
  net::Request request = form_request(endpoint(context, region), fields);
  AwsCredentials credentials = exchange(context, role, "AssumeRoleWithWebIdentity", request, stop);
  credentials.source = fmt::format("role '{}' by web identity", role.arn);
  return credentials;
}

}  // namespace cooper::cloud
