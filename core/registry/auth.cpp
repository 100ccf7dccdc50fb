#include "registry/auth.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/cancellation.h"
#include "base/text.h"
#include "net/redact.h"
#include "net/retry.h"
#include "net/url.h"
#include "registry/endpoint.h"
#include "registry/refusal.h"

namespace cooper::registry {

namespace {

std::string join(const Scopes& scopes) {
  return base::join(std::vector<std::string>(scopes.begin(), scopes.end()), " ");
}

std::string basic(const Credential& credential) {
  return "Basic " + base::base64_encode(credential.username + ":" + credential.password);
}

bool is_same(const Credential& a, const Credential& b) {
  return a.username == b.username && a.password == b.password && a.identity_token == b.identity_token &&
         a.registry_token == b.registry_token;
}

std::string parameter(const Challenge& challenge, const std::string& name) {
  auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? std::string() : found->second;
}

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += fmt::format("{}={}", name, net::percent_encode(value));
  }
  return body;
}

}  // namespace

Scopes pull_scope(const std::string& repository) {
  return {fmt::format("repository:{}:pull", repository)};
}
Scopes push_scope(const std::string& repository) {
  return {fmt::format("repository:{}:pull,push", repository)};
}

Authenticator::Authenticator(std::shared_ptr<net::HttpClient> http,
                             std::shared_ptr<CredentialStore> credentials, const ClientOptions& options)
    : http_(std::move(http)), credentials_(std::move(credentials)), options_(options) {}

Authenticator::Found& Authenticator::found(const std::string& host) {
  std::scoped_lock lock(found_mutex_);
  return found_[host];
}

CredentialSearch Authenticator::search(const std::string& host, const std::string& repository,
                                       const std::stop_token& stop) {
  if (!credentials_) return {};
  Found& of_host = found(host);
  std::scoped_lock lock(of_host.mutex);
  auto known = of_host.by_repository.find(repository);
  if (known != of_host.by_repository.end()) {
    const std::optional<Credential>& found = known->second.found;
    const bool is_old = found && found->renew_at && *found->renew_at <= std::chrono::system_clock::now();
    if (!is_old) return known->second;
  }
  CredentialSearch search = credentials_->find(host, repository, stop);
  of_host.by_repository.insert_or_assign(repository, search);
  return search;
}

bool Authenticator::replace(const std::string& host, const std::string& repository, const Credential& refused,
                            const std::stop_token& stop) {
  Found& of_host = found(host);
  std::scoped_lock lock(of_host.mutex);
  CredentialSearch& known = of_host.by_repository[repository];
  auto is_refused = [&] { return known.found && is_same(*known.found, refused); };
  if (is_refused()) {
    credentials_->refused(host);
    known = credentials_->find(host, repository, stop);
  }
  return known.found && !is_refused();
}

std::string Authenticator::authorize(const std::string& host, const std::string& repository,
                                     const Scopes& scopes, const std::stop_token& stop) {
  std::optional<Credential> who = search(host, repository, stop).found;
  if (who && !who->registry_token.empty()) return "Bearer " + who->registry_token;
  std::optional<Challenge> challenge;
  {
    std::scoped_lock lock(mutex_);
    if (auto found = challenges_.find(host); found != challenges_.end()) challenge = found->second;
  }
  if (!challenge) return {};
  if (challenge->scheme == "basic") return who ? basic(*who) : std::string();
  return bearer(host, repository, *challenge, who, scopes, stop);
}

bool Authenticator::challenged(const std::string& host, const std::string& repository, const Scopes& scopes,
                               const net::Response& response, const std::string& used,
                               const std::stop_token& stop) {
  std::optional<Challenge> chosen = choose_challenge(response);
  std::optional<Credential> who = search(host, repository, stop).found;
  if (who && !who->registry_token.empty()) return replace(host, repository, *who, stop);
  if (!chosen) return false;
  if (chosen->scheme == "basic") {
    if (!who) return false;
    if (used == basic(*who) && !replace(host, repository, *who, stop)) return false;
  }
  // The token is good, but not for this: another one would say the same (RFC 6750, section 3.1).
  if (!used.empty() && parameter(*chosen, "error") == "insufficient_scope") return false;
  std::scoped_lock lock(mutex_);
  challenges_.insert_or_assign(host, *chosen);
  // Forget what was refused, but not a token that another thread has renewed meanwhile.
  std::string key = fmt::format("{}\n{}\n{}", host, who ? who->username : "", join(scopes));
  if (auto token = tokens_.find(key); token != tokens_.end() && "Bearer " + token->second.value == used) {
    token->second.value.clear();
  }
  return true;
}

std::string Authenticator::bearer(const std::string& host, const std::string& repository,
                                  const Challenge& challenge, const std::optional<Credential>& credential,
                                  const Scopes& scopes, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  Token& token =
      tokens_[fmt::format("{}\n{}\n{}", host, credential ? credential->username : "", join(scopes))];
  while (true) {
    if (!token.value.empty() && Clock::now() < token.renew_at) return "Bearer " + token.value;
    if (!token.fetching) break;
    changed_.wait(lock, stop, [&] { return !token.fetching; });
    base::throw_if_stopped(stop);
    // The fetch that was waited for has failed for both, unless only its caller gave up.
    if (token.failure && token.failure->kind() != base::ErrorKind::kCancelled)
      throw base::Error(*token.failure);
  }
  token.fetching = true;
  token.failure.reset();
  lock.unlock();
  std::optional<base::Error> failure;
  TokenAnswer fetched;
  try {
    fetched = fetch(host, repository, challenge, credential, scopes, stop);
  } catch (const base::Error& error) {
    failure = error;
  } catch (const std::exception& error) {
    failure = base::Error(base::ErrorKind::kInternal, error.what());
  }
  lock.lock();
  token.fetching = false;
  token.failure = failure;
  token.value = fetched.value;
  token.renew_at = Clock::now() + fetched.lifetime * 3 / 4;
  changed_.notify_all();
  if (failure) throw base::Error(*failure);
  return "Bearer " + fetched.value;
}

net::Request Authenticator::token_request(const Challenge& challenge,
                                          const std::optional<Credential>& credential,
                                          const Scopes& scopes) const {
  net::Request request;
  request.url = parameter(challenge, "realm");
  request.connect_timeout = options_.connect_timeout;
  request.stall_timeout = options_.stall_timeout;
  request.tls = options_for_url(request.url, options_).tls;
  std::string service = parameter(challenge, "service");
  if (credential && !credential->identity_token.empty()) {
    request.method = "POST";
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = form({{"grant_type", "refresh_token"},
                         {"service", service},
                         {"client_id", "cooper"},
                         {"scope", join(scopes)},
                         {"refresh_token", credential->identity_token}});
    return request;
  }
  if (!service.empty()) request.url = net::with_query(request.url, "service", service);
  for (const std::string& scope : scopes) request.url = net::with_query(request.url, "scope", scope);
  if (credential && !credential->username.empty()) {
    request.headers.emplace_back("Authorization", basic(*credential));
  }
  return request;
}

TokenAnswer Authenticator::fetch(const std::string& host, const std::string& repository,
                                 const Challenge& challenge, std::optional<Credential> credential,
                                 const Scopes& scopes, const std::stop_token& stop) {
  std::string realm = parameter(challenge, "realm");
  if (realm.empty()) {
    throw base::Error(base::ErrorKind::kAuth,
                      fmt::format("registry '{}' asks for a token but names no token server", host));
  }
  bool secure = endpoint_of(host, options_).base.rfind("https:", 0) == 0;
  if (credential && secure && net::origin_of(realm).scheme != "https") {
    throw base::Error(base::ErrorKind::kAuth,
                      fmt::format("registry '{}' asks to send credentials to '{}', which is not https", host,
                                  net::redact_url(realm)));
  }
  Scopes wanted = scopes;
  // Registries with their own kind of scope want it repeated (public.ecr.aws: "aws").
  std::string own = parameter(challenge, "scope");
  if (!own.empty() && own.rfind("repository:", 0) != 0) wanted.insert(own);
  auto ask = [&] {
    net::Request request = token_request(challenge, credential, wanted);
    return net::send_with_retry(
        options_.retry, [&] { return http_->send(request, stop, 1 << 20); }, options_.on_retry, stop);
  };
  net::Response response = ask();
  if (response.status == 401 && credential && replace(host, repository, *credential, stop)) {
    credential = search(host, repository, stop).found;
    response = ask();
  }
  if (response.status != 200) {
    base::ErrorKind kind =
        response.status < 500 && response.status != 429 ? base::ErrorKind::kAuth : base::ErrorKind::kRegistry;
    throw base::Error(
        kind, fmt::format("token server '{}' of registry '{}', asked {}, answered {}", net::redact_url(realm),
                          host, describe(host, repository, stop), refusal_text(response)));
  }
  std::optional<TokenAnswer> answer = read_token_answer(response);
  if (!answer) {
    throw base::Error(base::ErrorKind::kAuth, fmt::format("token server '{}' of registry '{}' gave no token",
                                                          net::redact_url(realm), host));
  }
  return std::move(*answer);
}

std::string Authenticator::describe(const std::string& host, const std::string& repository,
                                    const std::stop_token& stop) {
  CredentialSearch came_of_it = search(host, repository, stop);
  if (came_of_it.found) {
    const Credential& who = *came_of_it.found;
    std::string name = who.username.empty() ? "with a token" : fmt::format("as '{}'", who.username);
    return who.source.empty() ? name : fmt::format("{} of {}", name, who.source);
  }
  if (came_of_it.tried.empty()) return "without credentials";
  return fmt::format("without credentials (looked in: {})", base::join(came_of_it.tried, "; "));
}

}  // namespace cooper::registry
