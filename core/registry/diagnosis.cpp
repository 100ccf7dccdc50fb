#include "registry/diagnosis.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "net/redact.h"
#include "registry/auth.h"
#include "registry/endpoint.h"
#include "registry/refusal.h"

namespace cooper::registry {

namespace {

using Outcome = DiagnosisStep::Outcome;

constexpr std::chrono::seconds kPatience{10};

// One try, no waiting: people look on.
ClientOptions impatient(ClientOptions options) {
  options.retry.attempts = 1;
  options.connect_timeout = kPatience;
  options.stall_timeout = kPatience;
  return options;
}

std::string describe(const Challenge& challenge) {
  std::string text = challenge.scheme == "bearer" ? "a token" : challenge.scheme;
  if (challenge.scheme == "basic") text = "a user and a password";
  auto realm = challenge.parameters.find("realm");
  if (challenge.scheme == "bearer" && realm != challenge.parameters.end())
    text += fmt::format(" of '{}'", net::redact_url(realm->second));
  return text;
}

std::string login_remedy(const std::string& host) {
  return fmt::format("log in with 'cooper login {}', or set the credentials that the CI has for it", host);
}

// One place's handshake.
class Handshake {
 public:
  Handshake(const std::shared_ptr<net::HttpClient>& http, const std::shared_ptr<CredentialStore>& credentials,
            const DiagnosisOptions& options, const std::function<void(const DiagnosisStep&)>& on_step,
            const std::stop_token& stop)
      : http_(http),
        credentials_(credentials),
        options_(impatient(options.client)),
        is_pushed_(options.push),
        client_(Client::create(http, credentials, options_)),
        on_step_(on_step),
        stop_(stop) {}

  bool pull(const oci::Reference& reference) {
    return greet(reference) && find_credentials(reference) && get_token(reference, pull_scope) &&
           ask_for_image(reference);
  }

  bool push(const oci::Reference& reference) {
    return greet(reference) && find_credentials(reference) && get_token(reference, push_scope) &&
           ask_to_push(reference);
  }

 private:
  struct Greeting {
    bool works = false;    // it answered as a registry does
    net::Response answer;  // to GET /v2/
    std::vector<Challenge> challenges;
  };
  using ScopesOf = Scopes (*)(const std::string& repository);

  bool tell(const std::string& what, Outcome outcome, std::string detail, std::string remedy = "") {
    on_step_({what, outcome, std::move(detail), std::move(remedy)});
    return outcome != Outcome::kFails;
  }

  // Does `step`, which says what came of it.
  bool attempt(const std::string& what, const std::string& remedy, const std::function<std::string()>& step) {
    try {
      return tell(what, Outcome::kWorks, step());
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kCancelled) throw;
      return tell(what, Outcome::kFails, error.message(), error.hint().empty() ? remedy : error.hint());
    }
  }

  // Reaches the host, once, and learns what it wants.
  bool greet(const oci::Reference& reference) {
    const std::string& host = reference.host;
    auto [known, is_new] = greetings_.try_emplace(host);
    Greeting& greeting = known->second;
    if (!is_new) return greeting.works;
    auto ask = [&] {
      const Endpoint endpoint = endpoint_of(host, options_);
      net::Request request;
      request.url = endpoint.base + "/v2/";
      request.tls = endpoint.tls;
      request.connect_timeout = kPatience;
      request.stall_timeout = kPatience;
      greeting.answer = http_->send(request, stop_, 64 << 10);
      return fmt::format("it answers {}", greeting.answer.status);
    };
    const char* remedy = "check the host's name and port, proxies and firewalls";
    greeting.works = attempt(fmt::format("reach '{}'", host), remedy, ask) && understand(host, greeting);
    return greeting.works;
  }

  bool understand(const std::string& host, Greeting& greeting) {
    const std::string what = fmt::format("ask '{}' what it wants", host);
    for (const auto& [name, value] : greeting.answer.headers) {
      if (name != "www-authenticate") continue;
      for (Challenge& challenge : parse_challenges(value))
        greeting.challenges.push_back(std::move(challenge));
    }
    const int status = greeting.answer.status;
    if (status == 401 && greeting.challenges.empty()) {
      return tell(what, Outcome::kFails, "it denies access and does not say how to get it",
                  "check that this is a registry, and that no proxy answers in its place");
    }
    if (status != 200 && status != 401) {
      return tell(what, Outcome::kFails, fmt::format("it answered {}", refusal_text(greeting.answer)),
                  "check that this is a registry: it must answer '/v2/'");
    }
    std::vector<std::string> wants;
    for (const Challenge& challenge : greeting.challenges) wants.push_back(describe(challenge));
    return tell(what, Outcome::kWorks, wants.empty() ? "nothing: it is open" : base::join(wants, ", or "));
  }

  bool find_credentials(const oci::Reference& reference) {
    const std::string what = fmt::format("find credentials for '{}'", reference.name());
    CredentialSearch search;
    if (credentials_) search = credentials_->find(reference.host, reference.repository, stop_);
    for (const std::string& line : search.tried) tell(what, Outcome::kSkipped, line);
    if (!search.found) return tell(what, Outcome::kSkipped, "none: going on without");
    const std::string who =
        search.found->username.empty() ? "a token" : fmt::format("user '{}'", search.found->username);
    return tell(what, Outcome::kWorks, fmt::format("{} of {}", who, search.found->source));
  }

  // Only where tokens are in use: the client does the same, but says less.
  bool get_token(const oci::Reference& reference, ScopesOf scopes_of) {
    const Greeting& greeting = greetings_.at(reference.host);
    bool wants_token = false;
    for (const Challenge& challenge : greeting.challenges) wants_token |= challenge.scheme == "bearer";
    if (!wants_token) return true;
    const Scopes scopes = scopes_of(reference.repository);
    const std::string what =
        fmt::format("get a token for '{}'", base::join({scopes.begin(), scopes.end()}, " "));
    return attempt(what, login_remedy(reference.host), [&] {
      Authenticator authenticator(http_, credentials_, options_);
      authenticator.challenged(reference.host, reference.repository, scopes, greeting.answer, "", stop_);
      authenticator.authorize(reference.host, reference.repository, scopes, stop_);
      return std::string("granted");
    });
  }

  bool ask_for_image(const oci::Reference& reference) {
    const std::string what = fmt::format("ask for '{}'", reference.str());
    return attempt(what, login_remedy(reference.host), [&] {
      std::optional<oci::Descriptor> found = client_->resolve(reference, stop_);
      if (found) return fmt::format("{} {}", found->media_type, found->digest.str());
      // What is to be pushed need not be there yet.
      if (is_pushed_) return std::string("it is not there yet");
      throw base::Error(base::ErrorKind::kRegistry, "it is not there")
          .hint("check the name and the tag, and that you may read the repository");
    });
  }

  bool ask_to_push(const oci::Reference& reference) {
    return attempt(fmt::format("ask to push to '{}'", reference.name()), login_remedy(reference.host), [&] {
      client_->check_push(reference, stop_);
      return std::string("allowed");
    });
  }

  const std::shared_ptr<net::HttpClient> http_;
  const std::shared_ptr<CredentialStore> credentials_;
  const ClientOptions options_;
  const bool is_pushed_;
  const std::shared_ptr<Client> client_;
  const std::function<void(const DiagnosisStep&)>& on_step_;
  const std::stop_token stop_;
  std::map<std::string, Greeting> greetings_;  // by host
};

}  // namespace

bool diagnose(const std::shared_ptr<net::HttpClient>& http,
              const std::shared_ptr<CredentialStore>& credentials, const DiagnosisOptions& options,
              const oci::Reference& reference, const std::function<void(const DiagnosisStep&)>& on_step,
              const std::stop_token& stop) {
  Handshake handshake(http, credentials, options, on_step, stop);
  bool can_pull = false;
  for (const oci::Reference& place : options.client.routes->pull_from(reference)) {
    if (place.name() != reference.name()) {
      on_step({fmt::format("'{}' is pulled from", reference.name()), Outcome::kWorks, place.name(), ""});
    }
    can_pull = handshake.pull(place) || can_pull;
  }
  if (!options.push) return can_pull;
  return handshake.push(options.client.routes->push_to(reference)) && can_pull;
}

}  // namespace cooper::registry
