#include "net/url.h"

#include <charconv>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "net/redact.h"

namespace cooper::net {

namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, FreeUrl>;

std::string part(CURLU* url, CURLUPart which, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool is_http(CURLU* url) {
  std::string scheme = part(url, CURLUPART_SCHEME, 0);
  return scheme == "http" || scheme == "https";
}

}  // namespace

bool Origin::is_loopback() const {
  if (host == "localhost" || host == "[::1]") return true;
  return host.rfind("127.", 0) == 0 && host.find_first_not_of("0123456789.") == std::string::npos;
}

bool Origin::is_link_local() const {
  // The two names: EC2's over IPv6, and what 169.254.169.254 is called on Google Cloud.
  if (host == "[fd00:ec2::254]" || host == "[fd00:ec2::23]" || host == "metadata.google.internal")
    return true;
  return host.rfind("169.254.", 0) == 0 && host.find_first_not_of("0123456789.") == std::string::npos;
}

Origin origin_of(const std::string& url) {
  UrlHandle parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK || !is_http(parsed.get())) {
    throw base::Error(base::ErrorKind::kUsage,
                      fmt::format("'{}' is no valid http or https url", redact_url(url)));
  }
  Origin origin;
  origin.scheme = part(parsed.get(), CURLUPART_SCHEME, 0);
  origin.host = base::to_lower(part(parsed.get(), CURLUPART_HOST, 0));
  std::string port = part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), origin.port);
  return origin;
}

std::string resolve_url(const std::string& base, const std::string& location) {
  UrlHandle parsed(curl_url());
  bool valid = curl_url_set(parsed.get(), CURLUPART_URL, base.c_str(), 0) == CURLUE_OK &&
               curl_url_set(parsed.get(), CURLUPART_URL, location.c_str(), CURLU_URLENCODE) == CURLUE_OK &&
               is_http(parsed.get());
  if (!valid) {
    throw base::Error(base::ErrorKind::kRegistry,
                      fmt::format("'{}' leads to '{}', which is no http or https url", redact_url(base),
                                  redact_url(location)));
  }
  return part(parsed.get(), CURLUPART_URL, 0);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                 c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

std::string with_query(std::string url, std::string_view name, std::string_view value) {
  std::string fragment;
  if (std::size_t hash = url.find('#'); hash != std::string::npos) {
    fragment = url.substr(hash);
    url.resize(hash);
  }
  url += url.find('?') == std::string::npos ? '?' : '&';
  return url + percent_encode(name) + "=" + percent_encode(value) + fragment;
}

}  // namespace cooper::net
