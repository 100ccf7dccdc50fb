#include "cloud/context.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "net/url.h"
#include "os/fd.h"

namespace cooper::cloud {

namespace {

constexpr std::size_t kAnswerLimit = 1 << 20;
constexpr std::size_t kTokenLimit = 64 << 10;
constexpr int kMetadataAttempts = 2;

}  // namespace

std::string CloudContext::variable(const std::string& name) const {
  auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

net::Request metadata_request(std::string method, std::string url, net::Headers headers) {
  net::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.headers = std::move(headers);
  request.follow_redirects = false;
  // Elsewhere the address leads nowhere, and every build would wait for it.
  request.connect_timeout = std::chrono::milliseconds(1000);
  request.stall_timeout = std::chrono::milliseconds(3000);
  return request;
}

std::optional<net::Response> ask_metadata(const CloudContext& context, const net::Request& request,
                                          std::string& unreachable, const std::stop_token& stop) {
  net::RetryPolicy policy = context.retry;
  policy.attempts = std::min(policy.attempts, kMetadataAttempts);
  try {
    return net::send_with_retry(
        policy, [&] { return context.http->send(request, stop, kAnswerLimit); }, {}, stop);
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    unreachable = error.message();
    return std::nullopt;
  }
}

net::Response ask_service(const CloudContext& context, const net::Request& request,
                          const std::stop_token& stop) {
  return net::send_with_retry(
      context.retry, [&] { return context.http->send(request, stop, kAnswerLimit); }, context.on_retry, stop);
}

std::string form_body(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<std::string> pairs;
  for (const auto& [name, value] : fields) pairs.push_back(name + "=" + net::percent_encode(value));
  return base::join(pairs, "&");
}

net::Request form_request(std::string url, const std::vector<std::pair<std::string, std::string>>& fields) {
  net::Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = form_body(fields);
  return request;
}

std::string read_token_file(const std::string& path, const std::string& what) {
  try {
    std::string token(base::trim(os::read_file(path, kTokenLimit)));
    if (!token.empty() && token.find_first_of("\r\n") == std::string::npos) return token;
  } catch (base::Error& error) {
    throw error.context("read the " + what);
  }
  throw base::Error(base::ErrorKind::kAuth, fmt::format("'{}' holds no {}", path, what));
}

}  // namespace cooper::cloud
