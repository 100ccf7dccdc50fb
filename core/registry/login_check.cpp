#include "registry/login_check.h"

#include <fmt/format.h>

#include "base/error.h"
#include "registry/refusal.h"
#include "registry/transport.h"

namespace cooper::registry {

namespace {

class OneCredential final : public CredentialStore {
 public:
  explicit OneCredential(Credential credential) : credential_(std::move(credential)) {}
  CredentialSearch find(const std::string&, const std::string&, const std::stop_token&) override {
    return {credential_, {}};
  }

 private:
  const Credential credential_;
};

}  // namespace

void check_login(std::shared_ptr<net::HttpClient> http, const ClientOptions& options, const std::string& host,
                 const Credential& credential, const std::stop_token& stop) {
  Transport transport(std::move(http), std::make_shared<OneCredential>(credential), options);
  Call call;
  call.repository.host = host;
  call.http.url = "/v2/";
  auto context = [&] { return fmt::format("log in to '{}'", host); };
  try {
    const net::Response response = transport.send(call, stop);
    if (response.status == 200) return;
    throw base::Error(base::ErrorKind::kRegistry,
                      fmt::format("'{}' answered {}", host, refusal_text(response)))
        .hint("check that this is the registry's host: what follows in image names is no part of it");
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    // Without the trail, which names a repository.
    base::Error failure(error.kind(), error.message());
    failure.context(context()).retryable(error.is_retryable());
    const bool is_refused = error.kind() == base::ErrorKind::kAuth;
    throw failure.hint(is_refused ? "check the user's name and the password or token" : error.hint());
  }
}

}  // namespace cooper::registry
