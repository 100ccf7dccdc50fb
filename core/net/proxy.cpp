#include "net/proxy.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>

#include "base/error.h"
#include "net/url.h"

namespace cooper::net {

namespace {

// The host of a proxy, with or without a scheme before it; "" when it has none.
std::string host_of_proxy(const std::string& proxy) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), &curl_url_cleanup);
  const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME;
  char* host = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, proxy.c_str(), flags) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK)
    return {};
  std::string text(host);
  curl_free(host);
  return text;
}

bool is_known_scheme(const std::string& proxy) {
  const std::size_t end = proxy.find("://");
  if (end == std::string::npos) return true;
  const std::string scheme = proxy.substr(0, end);
  for (const char* known : {"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
    if (scheme == known) return true;
  return false;
}

}  // namespace

std::string proxy_for(const std::string& url, const ClientOptions& options) {
  const Origin origin = origin_of(url);
  // A proxy's loopback is another machine's, and its metadata service speaks for another machine.
  if (origin.is_loopback() || origin.is_link_local()) return {};
  return origin.scheme == "https" ? options.https_proxy : options.http_proxy;
}

void check_proxies(const ClientOptions& options) {
  for (const std::string& proxy : {options.http_proxy, options.https_proxy}) {
    if (proxy.empty() || (is_known_scheme(proxy) && !host_of_proxy(proxy).empty())) continue;
    const std::string host = proxy.substr(proxy.rfind('@') == std::string::npos ? 0 : proxy.rfind('@') + 1);
    throw base::Error(base::ErrorKind::kUsage, fmt::format("the proxy at '{}' cannot be used", host))
        .hint(
            "set http_proxy and https_proxy to http://[USER:PASSWORD@]HOST[:PORT], with special characters "
            "of a password as %XX");
  }
}

}  // namespace cooper::net
