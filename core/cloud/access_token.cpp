#include "cloud/access_token.h"

#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cloud/refusal.h"
#include "net/redact.h"
#include "net/url.h"

namespace cooper::cloud {

namespace {

// What RFC 6749 leaves open, a token that says nothing is asked for again after this time.
constexpr std::int64_t kUnknownLife = 600;
constexpr std::int64_t kLongestLife = 7 * 24 * 3600;

// A number, or one in quotes, as Azure's metadata service has it.
std::int64_t seconds_of(const nlohmann::json& answer) {
  auto field = answer.find("expires_in");
  std::int64_t seconds = kUnknownLife;
  if (field == answer.end()) return seconds;
  if (field->is_number()) seconds = field->get<std::int64_t>();
  if (field->is_string()) {
    const std::string text = field->get<std::string>();
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  return std::clamp<std::int64_t>(seconds, 0, kLongestLife);
}

}  // namespace

void check_secret_goes_to(const std::string& url, const std::string& source) {
  net::Origin origin = net::origin_of(url);
  if (origin.scheme == "https" || origin.is_loopback() || origin.is_link_local()) return;
  throw base::Error(base::ErrorKind::kAuth, fmt::format("{} would be sent to '{}', which is not https",
                                                        source, net::redact_url(url)));
}

AccessToken read_access_token(const CloudContext& context, const net::Response& response,
                              const std::string& source) {
  if (response.status != 200) {
    bool may_pass = net::is_retryable_status(response.status);
    throw base::Error(may_pass ? base::ErrorKind::kRegistry : base::ErrorKind::kAuth,
                      fmt::format("no token for {}: '{}' answered {}", source,
                                  net::redact_url(response.effective_url), refusal_text(response)));
  }
  nlohmann::json answer = nlohmann::json::parse(response.body, nullptr, false);
  AccessToken token;
  token.source = source;
  auto value = answer.is_object() ? answer.find("access_token") : answer.end();
  if (answer.is_object() && value != answer.end() && value->is_string())
    token.value = value->get<std::string>();
  if (token.value.empty() || token.value.find_first_of("\r\n") != std::string::npos) {
    throw base::Error(base::ErrorKind::kAuth, fmt::format("no token for {}: the answer of '{}' holds none",
                                                          source, net::redact_url(response.effective_url)));
  }
  token.expires = context.now() + std::chrono::seconds(seconds_of(answer));
  return token;
}

AccessToken fetch_access_token(const CloudContext& context, const net::Request& request,
                               const std::string& source, const std::stop_token& stop) {
  check_secret_goes_to(request.url, source);
  return read_access_token(context, ask_service(context, request, stop), source);
}

}  // namespace cooper::cloud
