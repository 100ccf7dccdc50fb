#include "cloud/aws_metadata.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cloud/refusal.h"
#include "net/redact.h"
#include "net/url.h"

namespace cooper::cloud {

namespace {

constexpr const char* kRolePath = "/latest/meta-data/iam/security-credentials/";

std::string field(const nlohmann::json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Both services' form. Throws Error{kAuth} naming `source`.
AwsCredentials read_credentials(const std::string& text, const std::string& source) {
  nlohmann::json answer = nlohmann::json::parse(text, nullptr, false);
  AwsCredentials credentials;
  if (answer.is_object()) {
    credentials.access_key_id = field(answer, "AccessKeyId");
    credentials.secret_access_key = field(answer, "SecretAccessKey");
    credentials.session_token = field(answer, "Token");
    credentials.expires = parse_timestamp(field(answer, "Expiration"));
  }
  credentials.source = source;
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    throw base::Error(base::ErrorKind::kAuth, fmt::format("the answer of {} holds no keys", source));
  return credentials;
}

// The token goes to the machine itself, or over TLS: what ECS and EKS use, as AWS's own libraries allow.
void check_container_host(const std::string& url) {
  net::Origin origin = net::origin_of(url);
  bool allowed = origin.scheme == "https" || origin.is_loopback() || origin.host == "169.254.170.2" ||
                 origin.host == "169.254.170.23" || origin.host == "[fd00:ec2::23]";
  if (!allowed) {
    throw base::Error(
        base::ErrorKind::kAuth,
        fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI leads to '{}', which is neither https nor "
                    "this machine",
                    net::redact_url(url)));
  }
}

// A session with EC2's metadata service.
class InstanceMetadata {
 public:
  InstanceMetadata(const CloudContext& context, const std::stop_token& stop)
      : context_(context), stop_(stop) {
    base_ = context.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (base_.empty()) {
      bool ipv6 = base::to_lower(context.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")) == "ipv6";
      base_ = ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    }
    while (base_.back() == '/') base_.pop_back();
  }

  // Whether it is there and gave a token; why_not() otherwise.
  bool connect() {
    if (base::to_lower(context_.variable("AWS_EC2_METADATA_DISABLED")) == "true") {
      why_not_ = "switched off by AWS_EC2_METADATA_DISABLED";
      return false;
    }
    net::Request request = metadata_request("PUT", base_ + "/latest/api/token",
                                            {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}});
    std::optional<net::Response> response = ask_metadata(context_, request, why_not_, stop_);
    if (!response) return false;
    token_ = std::string(base::trim(response->body));
    if (response->status == 200 && !token_.empty()) return true;
    why_not_ = "it answered " + refusal_text(*response);
    return false;
  }

  // nullopt, and why_not(), for what is not there.
  std::optional<std::string> read(const std::string& path) {
    net::Request request = metadata_request("GET", base_ + path, {{"X-aws-ec2-metadata-token", token_}});
    std::optional<net::Response> response = ask_metadata(context_, request, why_not_, stop_);
    if (response && response->status == 200) return response->body;
    if (response) why_not_ = fmt::format("'{}' answered {}", path, refusal_text(*response));
    return std::nullopt;
  }

  const std::string& why_not() const { return why_not_; }

 private:
  const CloudContext& context_;
  const std::stop_token& stop_;
  std::string base_;
  std::string token_;
  std::string why_not_;
};

}  // namespace

std::optional<AwsCredentials> container_credentials(const CloudContext& context,
                                                    std::vector<std::string>& tried,
                                                    const std::stop_token& stop) {
  std::string url = context.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (std::string path = context.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); !path.empty())
    url = "http://169.254.170.2" + path;
  if (url.empty()) {
    tried.emplace_back("container endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set)");
    return std::nullopt;
  }
  check_container_host(url);
  std::string token = context.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  std::string shown = token.empty() ? "" : " with AWS_CONTAINER_AUTHORIZATION_TOKEN";
  if (std::string file = context.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    token = read_token_file(file, "container authorization token");
    shown = " with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
  }
  net::Request request = metadata_request("GET", url, {});
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  std::string unreachable;
  std::optional<net::Response> response = ask_metadata(context, request, unreachable, stop);
  if (!response || response->status != 200) {
    throw base::Error(base::ErrorKind::kAuth,
                      fmt::format("the container endpoint gave no AWS credentials{}: {}", shown,
                                  response ? refusal_text(*response) : unreachable));
  }
  return read_credentials(response->body, "the container endpoint");
}

std::optional<AwsCredentials> instance_credentials(const CloudContext& context,
                                                   std::vector<std::string>& tried,
                                                   const std::stop_token& stop) {
  InstanceMetadata metadata(context, stop);
  if (metadata.connect()) {
    if (std::optional<std::string> roles = metadata.read(kRolePath)) {
      std::string role(base::trim(roles->substr(0, roles->find('\n'))));
      if (std::optional<std::string> keys = metadata.read(kRolePath + net::percent_encode(role)))
        return read_credentials(*keys, fmt::format("the instance's role '{}'", role));
    }
  }
  tried.push_back(fmt::format("instance metadata ({})", metadata.why_not()));
  return std::nullopt;
}

std::string instance_region(const CloudContext& context, const std::stop_token& stop) {
  InstanceMetadata metadata(context, stop);
  if (!metadata.connect()) return {};
  return std::string(base::trim(metadata.read("/latest/meta-data/placement/region").value_or("")));
}

}  // namespace cooper::cloud
