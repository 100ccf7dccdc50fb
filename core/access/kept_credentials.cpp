#include "access/kept_credentials.h"

#include "base/error.h"

namespace cooper::access {

namespace {

constexpr std::chrono::seconds kRememberFailure{60};
constexpr std::chrono::seconds kRetryRenewal{30};

}  // namespace

cloud::TimePoint half_life(cloud::TimePoint now, cloud::TimePoint expires) {
  return now + (expires - now) / 2;
}

std::shared_ptr<KeptCredentials::Entry> KeptCredentials::entry(const std::string& key) {
  std::scoped_lock lock(mutex_);
  std::shared_ptr<Entry>& found = entries_[key];
  if (!found) found = std::make_shared<Entry>();
  return found;
}

registry::CredentialSearch KeptCredentials::get(const std::string& key, const Fetch& fetch,
                                                const std::stop_token& stop) {
  const std::shared_ptr<Entry> own = entry(key);
  std::scoped_lock lock(own->mutex);
  const cloud::TimePoint now = now_();
  if (own->kept && (!own->kept->credential.renew_at || now < *own->kept->credential.renew_at))
    return {own->kept->credential, {}};
  if (!own->failure.empty() && now < own->ask_again) return {std::nullopt, {own->failure}};
  try {
    own->kept = fetch(stop);
    own->failure.clear();
    return {own->kept->credential, {}};
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    if (own->kept && (!own->kept->expires || now < *own->kept->expires)) {
      own->kept->credential.renew_at = now + kRetryRenewal;
      return {own->kept->credential, {}};
    }
    own->kept.reset();
    own->failure = error.summary();
    own->ask_again = now + kRememberFailure;
    return {std::nullopt, {own->failure}};
  }
}

void KeptCredentials::forget(const std::string& key) {
  const std::shared_ptr<Entry> own = entry(key);
  std::scoped_lock lock(own->mutex);
  own->kept.reset();
  own->failure.clear();
}

}  // namespace cooper::access
