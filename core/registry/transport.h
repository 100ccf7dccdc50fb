// Requests to one registry: its address, its authentication, retries, and errors that name what was asked.
//
// Every request is tried with what is known about the host; a 401 teaches more and is answered once, a 429
// makes everybody wait. Private to registry.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/guarded.h"
#include "net/http.h"
#include "oci/reference.h"
#include "registry/auth.h"
#include "registry/client.h"
#include "registry/endpoint.h"
#include "registry/host_gate.h"
#include "registry/upload_limits.h"

namespace cooper::registry {

// One request, before authentication.
struct Call {
  oci::Reference repository;
  std::string what;  // for errors: "pull manifest 'latest'"
  Scopes scopes;
  net::Request http;  // url: an absolute one, or a path from "/v2/" on
};

class Transport {
 public:
  Transport(std::shared_ptr<net::HttpClient> http, std::shared_ptr<CredentialStore> credentials,
            ClientOptions options);

  // Retried while it may pass; any final status is a normal return, but 401 and 403 throw Error{kAuth}.
  net::Response send(const Call& call, const std::stop_token& stop);
  // The same without retries, for callers that start over with a new request (uploads).
  net::Response send_once(const Call& call, const std::stop_token& stop);
  // As send(), for bodies that are read as they come; throws for 400 and more, but 416.
  std::unique_ptr<net::ResponseStream> open(const Call& call, const std::stop_token& stop);
  // Repeats `attempt` as send() would.
  net::Response retry(const std::function<net::Response()>& attempt, const std::stop_token& stop);

  // Throws Error{kRegistry} for a status that `call` does not expect.
  enum class Refusal { kByStatus, kMayPass };  // whether another try may help
  [[noreturn]] void refuse(const Call& call, const net::Response& response,
                           Refusal refusal = Refusal::kByStatus);
  // Where the registry told us to go on. A location on another origin is followed without credentials; one
  // that only lost its "https" behind a proxy is mended.
  std::string location(const Call& call, const net::Response& response);
  const ClientOptions& options() const { return options_; }
  UploadLimits& upload_limits() { return upload_limits_; }
  // To be held by an upload whose bytes are still being made: at most half of all uploads to a host, so that
  // those never wait for these. nullopt when there are as many already.
  std::optional<HostGate::Pass> begin_stream(const std::string& host) { return streams_.try_enter(host); }

  // Whether the last request to `host` got any answer; true before the first.
  bool is_within_reach(const std::string& host) const;

 private:
  // Sends a request while it holds the pass, and returns the response's head; may keep both for longer.
  using Exchange = std::function<net::Response(const net::Request&, HostGate::Pass&)>;
  net::Response noting_reach(const std::string& host, const Exchange& exchange, const net::Request& request,
                             HostGate::Pass& pass);
  // Authenticates once more on 401.
  net::Response authenticated(const Call& call, const std::stop_token& stop, const Exchange& exchange);
  net::Request complete(const Call& call, const Endpoint& endpoint) const;
  void pause(const std::string& machine, std::chrono::milliseconds length);
  bool is_ours(const std::string& url, const Call& call) const;
  [[noreturn]] void deny(const Call& call, const net::Response& response, const std::stop_token& stop);
  base::Error error(base::ErrorKind kind, const Call& call, const std::string& cause);

  const std::shared_ptr<net::HttpClient> http_;
  const ClientOptions options_;
  Authenticator authenticator_;
  HostGate gate_;
  HostGate uploads_;
  HostGate streams_;
  UploadLimits upload_limits_;
  base::Guarded<std::set<std::string>> out_of_reach_;  // hosts
};

}  // namespace cooper::registry
