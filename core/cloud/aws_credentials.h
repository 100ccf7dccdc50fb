// Who we are to AWS, found where AWS's own tools look for it, in their order.
//
// Given keys, the environment, a web identity, the shared files' profile, the container endpoint, the
// instance's role. A place that is not in use is passed over; one that is in use and fails ends the search,
// so that nobody acts as somebody else by accident. Keys are fetched once for all threads and renewed before
// they expire.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "cloud/aws_signature.h"
#include "cloud/context.h"
#include "cloud/refreshed.h"

namespace cooper::cloud {

struct AwsOptions {
  std::string access_key_id;  // "" to look elsewhere
  std::string secret_access_key;
  std::string session_token;
  std::string region;  // "" to look elsewhere
};

class AwsIdentity final {
 public:
  AwsIdentity(CloudContext context, AwsOptions options);

  // Throws Error{kAuth}: where it looked and what was there, never a secret.
  AwsCredentials credentials(const std::stop_token& stop) { return credentials_.get(stop); }
  // The service refused these keys before their time.
  void forget() { credentials_.forget(); }

  // Given → AWS_REGION → AWS_DEFAULT_REGION → the profile's; "" when none says one.
  std::string region() const;
  // The same, and then the instance's own, which costs a second where there is no metadata service.
  std::string find_region(const std::stop_token& stop) const;

 private:
  AwsCredentials fetch(const std::stop_token& stop) const;
  std::optional<AwsCredentials> from_environment(std::vector<std::string>& tried) const;
  std::optional<AwsCredentials> from_web_identity(std::vector<std::string>& tried,
                                                  const std::stop_token& stop) const;
  std::optional<AwsCredentials> from_profile(std::vector<std::string>& tried,
                                             const std::stop_token& stop) const;

  const CloudContext context_;
  const AwsOptions options_;
  Refreshed<AwsCredentials> credentials_;
};

}  // namespace cooper::cloud
