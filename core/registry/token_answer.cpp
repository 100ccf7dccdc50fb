#include "registry/token_answer.h"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <nlohmann/json.hpp>

#include "net/http_date.h"
#include "oci/image_config.h"

namespace cooper::registry {

namespace {

constexpr std::int64_t kUsualLifetime = 60;  // seconds
constexpr std::int64_t kLongestLifetime = 24 * 3600;

std::string text_field(const nlohmann::json& answer, const char* name) {
  auto field = answer.find(name);
  return field != answer.end() && field->is_string() ? field->get<std::string>() : std::string();
}

std::int64_t lifetime_of(const nlohmann::json& answer) {
  auto field = answer.find("expires_in");
  if (field == answer.end() || !field->is_number()) return kUsualLifetime;
  // Also 300.0, which some write. Zero is what an unset field becomes on its way.
  const double seconds = field->get<double>();
  if (!(seconds >= 1)) return kUsualLifetime;
  return static_cast<std::int64_t>(std::min(seconds, static_cast<double>(kLongestLifetime)));
}

// Seconds that the token has lived already, by the server's clock where it shows one. Clocks that contradict
// each other say nothing.
std::int64_t age_of(const nlohmann::json& answer, const net::Response& response, std::int64_t lifetime) {
  std::optional<std::int64_t> issued = oci::parse_rfc3339(text_field(answer, "issued_at"));
  if (!issued) return 0;
  const std::string* date = response.header("date");
  std::optional<std::int64_t> now = date == nullptr ? std::nullopt : net::parse_http_date(*date);
  const std::int64_t age = now.value_or(std::time(nullptr)) - *issued;
  return age > 0 && age < lifetime ? age : 0;
}

}  // namespace

std::optional<TokenAnswer> read_token_answer(const net::Response& response) {
  nlohmann::json answer = nlohmann::json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return std::nullopt;
  TokenAnswer token;
  token.value = text_field(answer, "token");
  if (token.value.empty()) token.value = text_field(answer, "access_token");
  if (token.value.empty() || token.value.find_first_of("\r\n") != std::string::npos) return std::nullopt;
  const std::int64_t lifetime = lifetime_of(answer);
  token.lifetime = std::chrono::seconds(lifetime - age_of(answer, response, lifetime));
  return token;
}

}  // namespace cooper::registry
