#include "registry/transport.h"

#include <fmt/format.h>

#include "base/error.h"
#include "net/url.h"
#include "registry/refusal.h"

namespace cooper::registry {

namespace {

constexpr std::size_t kErrorBodyLimit = 64 << 10;

}  // namespace

Transport::Transport(std::shared_ptr<net::HttpClient> http, std::shared_ptr<CredentialStore> credentials,
                     ClientOptions options)
    : http_(std::move(http)),
      options_(std::move(options)),
      authenticator_(http_, std::move(credentials), options_) {}

net::Response Transport::retry(const std::function<net::Response()>& attempt, const std::stop_token& stop) {
  return net::send_with_retry(options_.retry, attempt, options_.on_retry, stop);
}

net::Response Transport::send(const Call& call, const std::stop_token& stop) {
  return retry([&] { return send_once(call, stop); }, stop);
}

net::Response Transport::send_once(const Call& call, const std::stop_token& stop) {
  return authenticated(call, stop, [&](const net::Request& request) { return http_->send(request, stop); });
}

std::unique_ptr<net::ResponseStream> Transport::open(const Call& call, const std::stop_token& stop) {
  std::unique_ptr<net::ResponseStream> stream;
  auto exchange = [&](const net::Request& request) {
    stream = http_->open(request, stop);
    net::Response response = stream->response();
    // A refusal's body belongs into the error.
    if (response.status >= 400) {
      try {
        response.body = base::read_all(*stream, kErrorBodyLimit, "the registry's error");
      } catch (const base::Error& error) {
        if (error.kind() == base::ErrorKind::kCancelled) throw;
      }
    }
    return response;
  };
  net::Response response = retry([&] { return authenticated(call, stop, exchange); }, stop);
  if (response.status >= 400) refuse(call, response);
  return stream;
}

net::Response Transport::authenticated(const Call& call, const std::stop_token& stop,
                                       const Exchange& exchange) {
  Endpoint endpoint = endpoint_of(call.repository.host, options_);
  net::Request request = call.http;
  if (request.url.rfind('/', 0) == 0) request.url = endpoint.base + request.url;
  request.connect_timeout = options_.connect_timeout;
  // Uploads have a patience of their own.
  if (request.method == "GET" || request.method == "HEAD") request.stall_timeout = options_.stall_timeout;
  bool ours = net::origin_of(request.url) == net::origin_of(endpoint.base);
  request.tls = ours ? endpoint.tls : options_for_url(request.url, options_).tls;
  const std::string& host = call.repository.host;
  const std::string& repository = call.repository.repository;
  try {
    for (int attempt = 1;; ++attempt) {
      net::Request authorized = request;
      std::string authorization = ours ? authenticator_.authorize(host, repository, call.scopes, stop) : "";
      if (!authorization.empty()) authorized.headers.emplace_back("Authorization", authorization);
      net::Response response = noting_reach(host, exchange, authorized);
      bool again = response.status == 401 && ours && attempt == 1 &&
                   authenticator_.challenged(host, repository, call.scopes, response, authorization, stop);
      if (again) continue;
      // A storage server that a redirect led to denies for reasons of its own.
      bool theirs = ours && net::origin_of(response.effective_url) == net::origin_of(endpoint.base);
      if (theirs && (response.status == 401 || response.status == 403)) deny(call, response, stop);
      return response;
    }
  } catch (base::Error& failure) {
    if (failure.trail().empty())
      failure.context(fmt::format("{} of '{}'", call.what, call.repository.name()));
    throw;
  }
}

net::Response Transport::noting_reach(const std::string& host, const Exchange& exchange,
                                      const net::Request& request) {
  try {
    net::Response response = exchange(request);
    out_of_reach_.with([&](std::set<std::string>& hosts) { hosts.erase(host); });
    return response;
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kCancelled)
      out_of_reach_.with([&](std::set<std::string>& hosts) { hosts.insert(host); });
    throw;
  }
}

bool Transport::is_within_reach(const std::string& host) const {
  return !out_of_reach_.with([&](const std::set<std::string>& hosts) { return hosts.contains(host); });
}

base::Error Transport::error(base::ErrorKind kind, const Call& call, const std::string& cause) {
  base::Error failure(kind, cause);
  failure.context(fmt::format("{} of '{}'", call.what, call.repository.name()));
  return failure;
}

void Transport::deny(const Call& call, const net::Response& response, const std::stop_token& stop) {
  std::string who = authenticator_.describe(call.repository.host, call.repository.repository, stop);
  bool anonymous = who.rfind("without", 0) == 0;
  throw error(
      base::ErrorKind::kAuth, call,
      fmt::format("registry '{}' denied access {}: {}", call.repository.host, who, refusal_text(response)))
      .hint(anonymous ? "log in to the registry, or check the image's name"
                      : "check that these credentials may do this, and the image's name");
}

void Transport::refuse(const Call& call, const net::Response& response, Refusal refusal) {
  base::Error failure =
      error(base::ErrorKind::kRegistry, call,
            fmt::format("registry '{}' answered {}", call.repository.host, refusal_text(response)));
  failure.retryable(refusal == Refusal::kMayPass || net::is_retryable_status(response.status));
  // Go's servers and nginx recognise plain HTTP on a port for TLS.
  if (response.status == 400 && response.body.find("HTTPS") != std::string::npos) {
    failure.hint(fmt::format("this host speaks TLS: give its authority with --registry-ca {}=FILE",
                             call.repository.host));
  }
  throw base::Error(failure);
}

std::string Transport::location(const Call& call, const net::Response& response) {
  const std::string* header = response.header("location");
  if (header == nullptr) {
    throw error(
        base::ErrorKind::kRegistry, call,
        fmt::format("registry '{}' answered {} without a location", call.repository.host, response.status));
  }
  std::string base = endpoint_of(call.repository.host, options_).base;
  std::string url = net::resolve_url(response.effective_url, *header);
  net::Origin ours = net::origin_of(base);
  net::Origin theirs = net::origin_of(url);
  // A registry behind a TLS-terminating proxy that does not forward the scheme.
  if (ours.scheme == "https" && theirs.scheme == "http" && ours.host == theirs.host) {
    url = base + url.substr(std::min(url.find('/', 7), url.size()));
  }
  return url;
}

}  // namespace cooper::registry
