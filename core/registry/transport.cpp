#include "registry/transport.h"

#include <fmt/format.h>

#include "base/error.h"
#include "net/redact.h"
#include "net/url.h"
#include "registry/refusal.h"

namespace cooper::registry {

namespace {

constexpr std::size_t kErrorBodyLimit = 64 << 10;

// Counts as a request until its body ended.
class GatedStream final : public net::ResponseStream {
 public:
  GatedStream(std::unique_ptr<net::ResponseStream> stream, HostGate::Pass pass)
      : stream_(std::move(stream)), pass_(std::move(pass)) {}

  const net::Response& response() const override { return stream_->response(); }
  std::size_t read(base::MutableByteSpan buffer) override {
    std::size_t length = stream_->read(buffer);
    if (length == 0 && !buffer.empty()) pass_.reset();
    return length;
  }

 private:
  std::unique_ptr<net::ResponseStream> stream_;
  HostGate::Pass pass_;
};

}  // namespace

Transport::Transport(std::shared_ptr<net::HttpClient> http, std::shared_ptr<CredentialStore> credentials,
                     ClientOptions options)
    : http_(std::move(http)),
      options_(std::move(options)),
      authenticator_(http_, std::move(credentials), options_),
      gate_(options_.requests_per_host),
      uploads_(options_.uploads_per_host),
      streams_(options_.uploads_per_host / 2) {}

net::Response Transport::retry(const std::function<net::Response()>& attempt, const std::stop_token& stop) {
  return net::send_with_retry(options_.retry, attempt, options_.on_retry, stop);
}

net::Response Transport::send(const Call& call, const std::stop_token& stop) {
  return retry([&] { return send_once(call, stop); }, stop);
}

net::Response Transport::send_once(const Call& call, const std::stop_token& stop) {
  return authenticated(
      call, stop, [&](const net::Request& request, HostGate::Pass&) { return http_->send(request, stop); });
}

std::unique_ptr<net::ResponseStream> Transport::open(const Call& call, const std::stop_token& stop) {
  std::unique_ptr<net::ResponseStream> stream;
  HostGate::Pass held;
  auto exchange = [&](const net::Request& request, HostGate::Pass& pass) {
    stream = http_->open(request, stop);
    net::Response response = stream->response();
    if (response.status < 400) {
      held = std::move(pass);
      return response;
    }
    // A refusal's body belongs into the error.
    try {
      response.body = base::read_all(*stream, kErrorBodyLimit, "the registry's error");
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kCancelled) throw;
    }
    return response;
  };
  auto attempt = [&] {
    net::Response response = authenticated(call, stop, exchange);
    // What a storage server was signed for has expired: the registry signs it anew.
    bool denied = response.status == 401 || response.status == 403;
    if (denied) refuse(call, response, Refusal::kMayPass);
    return response;
  };
  net::Response response = retry(attempt, stop);
  if (response.status >= 400 && response.status != 416) refuse(call, response);
  return std::make_unique<GatedStream>(std::move(stream), std::move(held));
}

net::Request Transport::complete(const Call& call, const Endpoint& endpoint) const {
  net::Request request = call.http;
  if (request.url.rfind('/', 0) == 0) request.url = endpoint.base + request.url;
  request.connect_timeout = options_.connect_timeout;
  bool sends_much = request.method == "PUT" || request.method == "PATCH";
  request.stall_timeout = sends_much ? options_.commit_timeout : options_.stall_timeout;
  bool ours = net::origin_of(request.url) == net::origin_of(endpoint.base);
  request.tls = ours ? endpoint.tls : options_for_url(request.url, options_).tls;
  return request;
}

bool Transport::is_ours(const std::string& url, const Call& call) const {
  return net::origin_of(url) == net::origin_of(endpoint_of(call.repository.host, options_).base);
}

net::Response Transport::authenticated(const Call& call, const std::stop_token& stop,
                                       const Exchange& exchange) {
  const std::string& host = call.repository.host;
  const std::string& repository = call.repository.repository;
  net::Request request = complete(call, endpoint_of(host, options_));
  const bool ours = is_ours(request.url, call);
  const net::Origin origin = net::origin_of(request.url);
  const std::string machine = fmt::format("{}:{}", origin.host, origin.port);
  HostGate& gate = request.body_stream ? uploads_ : gate_;
  try {
    for (int attempt = 1;; ++attempt) {
      // In this order, so that a token does not expire in the queue.
      HostGate::Pass pass = gate.enter(machine, stop);
      net::Request authorized = request;
      std::string authorization = ours ? authenticator_.authorize(host, repository, call.scopes, stop) : "";
      if (!authorization.empty()) authorized.headers.emplace_back("Authorization", authorization);
      net::Response response = noting_reach(host, exchange, authorized, pass);
      if (response.status == 429 || response.status == 503) {
        auto asked = net::retry_after(response);
        if (asked && *asked <= options_.retry.patience()) pause(machine, *asked);
      }
      // A storage server that a redirect led to denies for reasons of its own.
      if (!ours || !is_ours(response.effective_url, call)) return response;
      // The first 401 may only say how to log in, so that the second one is the first about a password.
      const bool may_learn = attempt == 1 || (attempt == 2 && authorization.rfind("Basic ", 0) == 0);
      bool again = response.status == 401 && may_learn &&
                   authenticator_.challenged(host, repository, call.scopes, response, authorization, stop);
      if (again) continue;
      if (response.status == 401 || response.status == 403) deny(call, response, stop);
      return response;
    }
  } catch (base::Error& failure) {
    if (failure.trail().empty())
      failure.context(fmt::format("{} of '{}'", call.what, call.repository.name()));
    throw;
  }
}

void Transport::pause(const std::string& machine, std::chrono::milliseconds length) {
  gate_.pause(machine, length);
  uploads_.pause(machine, length);
}

net::Response Transport::noting_reach(const std::string& host, const Exchange& exchange,
                                      const net::Request& request, HostGate::Pass& pass) {
  try {
    net::Response response = exchange(request, pass);
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
      .hint(anonymous ? fmt::format("log in with 'cooper login {}', or check the image's name",
                                    call.repository.host)
                      : "check that these credentials may do this, and the image's name");
}

void Transport::refuse(const Call& call, const net::Response& response, Refusal refusal) {
  std::string who = fmt::format("registry '{}'", call.repository.host);
  if (!response.effective_url.empty() && !is_ours(response.effective_url, call)) {
    who = fmt::format("'{}', where {} sent us,", net::redact_url(response.effective_url), who);
  }
  base::Error failure =
      error(base::ErrorKind::kRegistry, call, fmt::format("{} answered {}", who, refusal_text(response)));
  failure.retryable(refusal == Refusal::kMayPass || net::is_retryable_status(response.status));
  if (response.status == 413) {
    failure.hint("raise the limit of request bodies of the registry, or of the proxy before it");
  } else if (response.status == 400 && response.body.find("HTTPS") != std::string::npos) {
    // Go's servers and nginx recognise plain HTTP on a port for TLS.
    failure.hint(fmt::format("this host speaks TLS: give its authority with --registry-ca {}=FILE",
                             call.repository.host));
  } else {
    failure.hint(refusal_hint(response, call.repository.host));
  }
  throw failure;
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
