#include "cloud/google_file.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cloud/refusal.h"
#include "cloud/signed_token.h"
#include "os/fd.h"

namespace cooper::cloud {

namespace {

using Json = nlohmann::json;

constexpr const char* kScope = "https://www.googleapis.com/auth/cloud-platform";
constexpr const char* kTokenUri = "https://oauth2.googleapis.com/token";
constexpr std::size_t kFileLimit = 1 << 20;

std::string text(const Json& object, const char* name, const std::string& fallback = "") {
  auto found = object.is_object() ? object.find(name) : object.end();
  bool is_text = object.is_object() && found != object.end() && found->is_string();
  return is_text ? found->get<std::string>() : fallback;
}

// Empty for what is no object.
Json object(const Json& parent, const char* name) {
  auto found = parent.find(name);
  return found != parent.end() && found->is_object() ? *found : Json::object();
}

// One file, while a token is fetched by it.
class CredentialsFile {
 public:
  CredentialsFile(const CloudContext& context, std::string path, const std::stop_token& stop)
      : context_(context), path_(std::move(path)), stop_(stop) {
    json_ = Json::parse(os::read_file(path_, kFileLimit), nullptr, false);
    if (!json_.is_object()) throw error("is no JSON object");
  }

  AccessToken fetch() const {
    const std::string type = text(json_, "type");
    if (type == "service_account") return by_key();
    if (type == "authorized_user") return by_refresh_token();
    if (type == "external_account") return by_exchange();
    if (type.empty()) throw error("has no type");
    throw unsupported(fmt::format("the type '{}'", type));
  }

 private:
  // AIP-4112: a token that the account signs itself is exchanged for one that the services take.
  AccessToken by_key() const {
    const std::string email = required("client_email");
    const std::string url = text(json_, "token_uri", kTokenUri);
    const auto now = std::chrono::system_clock::to_time_t(context_.now());
    Json header = {{"alg", "RS256"}, {"typ", "JWT"}};
    if (std::string id = text(json_, "private_key_id"); !id.empty()) header["kid"] = id;
    Json claims = {{"iss", email}, {"scope", kScope}, {"aud", url}, {"iat", now}, {"exp", now + 3600}};
    std::string assertion;
    try {
      assertion = sign_token(header.dump(), claims.dump(), required("private_key"));
    } catch (base::Error& failure) {
      throw failure.context(fmt::format("use the credentials file '{}'", path_));
    }
    net::Request request = form_request(
        url, {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion}});
    return fetch_access_token(context_, request, fmt::format("the service account '{}'", email), stop_);
  }

  AccessToken by_refresh_token() const {
    net::Request request =
        form_request(text(json_, "token_uri", kTokenUri), {{"grant_type", "refresh_token"},
                                                           {"client_id", required("client_id")},
                                                           {"client_secret", required("client_secret")},
                                                           {"refresh_token", required("refresh_token")}});
    return fetch_access_token(context_, request, fmt::format("the user of '{}'", path_), stop_);
  }

  // AIP-4117: workload identity federation.
  AccessToken by_exchange() const {
    net::Request request = form_request(
        required("token_url"), {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                                {"audience", required("audience")},
                                {"scope", kScope},
                                {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                                {"subject_token_type", required("subject_token_type")},
                                {"subject_token", subject_token()}});
    AccessToken federated =
        fetch_access_token(context_, request, fmt::format("the workload identity of '{}'", path_), stop_);
    const std::string url = text(json_, "service_account_impersonation_url");
    return url.empty() ? federated : impersonate(url, federated);
  }

  AccessToken impersonate(const std::string& url, const AccessToken& federated) const {
    const std::string source = fmt::format("{} as a service account", federated.source);
    check_secret_goes_to(url, source);
    net::Request request;
    request.method = "POST";
    request.url = url;
    request.headers = {{"Authorization", "Bearer " + federated.value}, {"Content-Type", "application/json"}};
    request.body = Json({{"scope", {kScope}}, {"lifetime", "3600s"}}).dump();
    net::Response response = ask_service(context_, request, stop_);
    Json answer = Json::parse(response.body, nullptr, false);
    AccessToken token = {text(answer, "accessToken"), parse_timestamp(text(answer, "expireTime")), source};
    if (response.status != 200 || token.value.empty()) {
      throw base::Error(base::ErrorKind::kAuth,
                        fmt::format("no token for {}: '{}' answered {}", source, url, refusal_text(response)))
          .hint("grant the workload identity 'roles/iam.workloadIdentityUser' on the service account");
    }
    if (!token.expires) token.expires = federated.expires;
    return token;
  }

  std::string subject_token() const {
    const Json source = object(json_, "credential_source");
    if (std::string file = text(source, "file"); !file.empty())
      return in_format(source, os::read_file(file, kFileLimit), file);
    if (!text(source, "environment_id").empty()) throw unsupported("a credential_source of AWS");
    if (source.contains("executable")) throw unsupported("a credential_source that is a program");
    const std::string url = text(source, "url");
    if (url.empty()) throw error("has no credential_source");
    net::Request request;
    request.url = url;
    const Json headers = object(source, "headers");
    for (const auto& [name, value] : headers.items())
      request.headers.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
    if (!request.headers.empty())
      check_secret_goes_to(url, fmt::format("the credential_source of '{}'", path_));
    net::Response response = ask_service(context_, request, stop_);
    if (response.status != 200)
      throw error(fmt::format("has a credential_source that answered {}", refusal_text(response)));
    return in_format(source, response.body, "the credential_source");
  }

  std::string in_format(const Json& source, const std::string& content, const std::string& where) const {
    const Json format = object(source, "format");
    std::string token(base::trim(content));
    if (text(format, "type", "text") == "json")
      token = text(Json::parse(content, nullptr, false), text(format, "subject_token_field_name").c_str());
    if (token.empty()) throw error(fmt::format("has a credential_source without a token in '{}'", where));
    return token;
  }

  std::string required(const char* name) const {
    std::string value = text(json_, name);
    if (value.empty()) throw error(fmt::format("has no {}", name));
    return value;
  }
  base::Error error(const std::string& what) const {
    return {base::ErrorKind::kAuth, fmt::format("the Google credentials file '{}' {}", path_, what)};
  }
  base::Error unsupported(const std::string& what) const {
    return base::Error(base::ErrorKind::kUnsupported,
                       fmt::format("the Google credentials file '{}' has {}, which cooper does not support",
                                   path_, what))
        .hint("use a service account's key, or a workload identity by file or url");
  }

  const CloudContext& context_;
  const std::string path_;
  const std::stop_token& stop_;
  Json json_;
};

}  // namespace

AccessToken google_token_by_file(const CloudContext& context, const std::string& path,
                                 const std::stop_token& stop) {
  return CredentialsFile(context, path, stop).fetch();
}

}  // namespace cooper::cloud
