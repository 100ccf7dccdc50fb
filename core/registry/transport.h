// Requests to one registry: its address, its authentication, retries, and errors that name what was asked.
//
// Every request is tried with what is known about the host; a 401 teaches more and is answered once. Private
// to registry.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "base/guarded.h"
#include "net/http.h"
#include "oci/reference.h"
#include "registry/auth.h"
#include "registry/client.h"
#include "registry/endpoint.h"

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
  // Whether the last request to `host` got any answer; true before the first.
  bool is_within_reach(const std::string& host) const;

 private:
  using Exchange = std::function<net::Response(const net::Request&)>;
  net::Response noting_reach(const std::string& host, const Exchange& exchange, const net::Request& request);
  // Sends by `exchange`, which returns the response's head and keeps the rest; authenticates once more on
  // 401.
  net::Response authenticated(const Call& call, const std::stop_token& stop, const Exchange& exchange);
  [[noreturn]] void deny(const Call& call, const net::Response& response, const std::stop_token& stop);
  base::Error error(base::ErrorKind kind, const Call& call, const std::string& cause);

  const std::shared_ptr<net::HttpClient> http_;
  const ClientOptions options_;
  Authenticator authenticator_;
  base::Guarded<std::set<std::string>> out_of_reach_;  // hosts
};

}  // namespace cooper::registry
