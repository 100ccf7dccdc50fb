#include "registry/probed_routes.h"

#include <fmt/format.h>

#include "base/error.h"

namespace cooper::registry {

namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr std::size_t kLargestAnswer = 1 << 20;

}  // namespace

HostOptions ProbedRoutes::host(const std::string& host) const {
  HostOptions options = routes_->host(host);
  if (!options.may_be_plain) return options;
  options.plain_http = plain_.with([&](std::map<std::string, bool>& plain) {
    const auto known = plain.find(host);
    if (known != plain.end()) return known->second;
    const bool is_plain = !answers(fmt::format("https://{}/v2/", host), options.tls) &&
                          answers(fmt::format("http://{}/v2/", host), {});
    return plain.emplace(host, is_plain).first->second;
  });
  return options;
}

bool ProbedRoutes::answers(const std::string& url, const net::TlsOptions& tls) const {
  net::Request request;
  request.url = url;
  request.tls = tls;
  request.follow_redirects = false;
  request.connect_timeout = kPatience;
  request.stall_timeout = kPatience;
  try {
    http_->send(request, {}, kLargestAnswer);
    return true;
  } catch (const base::Error&) {
    return false;  // whoever connects next says why
  }
}

}  // namespace cooper::registry
