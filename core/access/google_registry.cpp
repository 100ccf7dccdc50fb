#include "access/google_registry.h"

#include "access/cloud_hosts.h"

namespace cooper::access {

namespace {

constexpr const char* kUser = "oauth2accesstoken";
constexpr const char* kKey = "google";

}  // namespace

GoogleRegistryCredentials::GoogleRegistryCredentials(cloud::CloudContext context)
    : context_(std::move(context)), identity_(context_, ""), kept_(context_.now) {}

registry::CredentialSearch GoogleRegistryCredentials::find(const std::string& host, const std::string&,
                                                           const std::stop_token& stop) {
  if (!is_google_registry(host)) return {};
  return kept_.get(
      kKey, [this](const std::stop_token& token) { return fetch(token); }, stop);
}

void GoogleRegistryCredentials::refused(const std::string& host) {
  if (!is_google_registry(host)) return;
  identity_.forget();
  kept_.forget(kKey);
}

KeptCredential GoogleRegistryCredentials::fetch(const std::stop_token& stop) {
  const cloud::AccessToken token = identity_.token(stop);
  KeptCredential kept;
  kept.expires = token.expires;
  kept.credential.username = kUser;
  kept.credential.password = token.value;
  kept.credential.source = token.source;
  // The metadata service hands out one token until it is nearly over; half of what is left is never too late.
  if (token.expires) kept.credential.renew_at = half_life(context_.now(), *token.expires);
  return kept;
}

}  // namespace cooper::access
