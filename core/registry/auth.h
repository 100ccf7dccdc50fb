// Docker's token authentication: challenge → token, one fetch per host and scope set however many ask at
// once.
//
// distribution/distribution, docs "auth/token" and "auth/oauth"; RFC 6750, RFC 7617. Tokens are renewed
// before they expire and once after a 401. Private to registry.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http.h"
#include "registry/client.h"
#include "registry/credentials.h"
#include "registry/token_answer.h"

namespace cooper::registry {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // names in lower case
};

// All challenges of one WWW-Authenticate value (RFC 9110, section 11.6.1).
std::vector<Challenge> parse_challenges(std::string_view header);
// The best that a response offers, in all its headers: a token server, else "basic"; of schemes that nobody
// here knows, nothing.
std::optional<Challenge> choose_challenge(const net::Response& response);

// What one request needs: "repository:library/debian:pull", sorted.
using Scopes = std::set<std::string>;
Scopes pull_scope(const std::string& repository);
Scopes push_scope(const std::string& repository);

class Authenticator {
 public:
  Authenticator(std::shared_ptr<net::HttpClient> http, std::shared_ptr<CredentialStore> credentials,
                const ClientOptions& options);

  // The Authorization value to send, "" for none; fetches a token when the host is known to want one.
  std::string authorize(const std::string& host, const std::string& repository, const Scopes& scopes,
                        const std::stop_token& stop);
  // Learns from a 401. `used` is what was sent. Returns false when there is nothing better to send.
  bool challenged(const std::string& host, const std::string& repository, const Scopes& scopes,
                  const net::Response& response, const std::string& used, const std::stop_token& stop);
  // What was used and tried, as one phrase for errors: "as 'ci' of ~/.docker/config.json".
  std::string describe(const std::string& host, const std::string& repository, const std::stop_token& stop);

 private:
  using Clock = std::chrono::steady_clock;
  struct Token {
    std::string value;  // "" when the host wants none for this scope
    Clock::time_point renew_at;
    bool fetching = false;
    std::optional<base::Error> failure;  // of the last fetch, for those who waited for it
  };
  CredentialSearch search(const std::string& host, const std::string& repository,
                          const std::stop_token& stop);
  // Asks again for a credential that was refused; whether there is another one now.
  bool replace(const std::string& host, const std::string& repository, const Credential& refused,
               const std::stop_token& stop);
  std::string bearer(const std::string& host, const std::string& repository, const Challenge& challenge,
                     const std::optional<Credential>& credential, const Scopes& scopes,
                     const std::stop_token& stop);
  TokenAnswer fetch(const std::string& host, const std::string& repository, const Challenge& challenge,
                    std::optional<Credential> credential, const Scopes& scopes, const std::stop_token& stop);
  net::Request token_request(const Challenge& challenge, const std::optional<Credential>& credential,
                             const Scopes& scopes) const;

  const std::shared_ptr<net::HttpClient> http_;
  const std::shared_ptr<CredentialStore> credentials_;
  const ClientOptions options_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Challenge> challenges_;  // by host
  std::map<std::string, Token> tokens_;          // by host, user and scopes
  // What was found for the repositories of one host. Its mutex is held while a credential helper runs, so
  // that it runs once; a slow one keeps nobody waiting who wants another host.
  struct Found {
    std::mutex mutex;
    std::map<std::string, CredentialSearch> by_repository;
  };
  Found& found(const std::string& host);
  std::mutex found_mutex_;
  std::map<std::string, Found> found_;  // by host; never shrinks, so that references stay good
};

}  // namespace cooper::registry
