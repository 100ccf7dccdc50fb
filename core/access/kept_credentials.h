// Credentials that a service gave for a while, kept in memory and never elsewhere.
//
// One thread fetches for all that want the same; those for other keys do not wait. They are renewed when
// Credential::renew_at has come; a renewal that fails while the old one is still good is tried again later,
// and a failure is remembered for a minute, so that a build of fifty images asks an absent cloud once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cloud/timestamp.h"
#include "registry/credentials.h"

namespace cooper::access {

struct KeptCredential {
  registry::Credential credential;          // with renew_at
  std::optional<cloud::TimePoint> expires;  // nullopt: not known to
};

class KeptCredentials final {
 public:
  using Fetch = std::function<KeptCredential(const std::stop_token&)>;

  explicit KeptCredentials(std::function<cloud::TimePoint()> now) : now_(std::move(now)) {}

  // What is kept under `key`, or what `fetch` gets. When that throws, its message is the line in `tried`;
  // Error{kCancelled} is thrown on.
  registry::CredentialSearch get(const std::string& key, const Fetch& fetch, const std::stop_token& stop);
  // The next get() fetches.
  void forget(const std::string& key);

 private:
  struct Entry {
    std::mutex mutex;
    std::optional<KeptCredential> kept;
    std::string failure;
    cloud::TimePoint ask_again;  // not before
  };
  std::shared_ptr<Entry> entry(const std::string& key);

  const std::function<cloud::TimePoint()> now_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;
};

// The middle between `now` and `expires`.
cloud::TimePoint half_life(cloud::TimePoint now, cloud::TimePoint expires);

}  // namespace cooper::access
