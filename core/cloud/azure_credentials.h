// Who we are to Azure: tokens of Microsoft Entra ID, as Azure's own libraries find them.
//
// A client's secret, a token of the CI's that the client's trust accepts, the machine's managed identity. A
// way that is set up and fails ends the search. Tokens are fetched once for all threads and renewed before
// they expire.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cloud/access_token.h"
#include "cloud/context.h"
#include "cloud/refreshed.h"

namespace cooper::cloud {

class AzureIdentity final {
 public:
  // `resource`: what the token is for: "https://storage.azure.com".
  AzureIdentity(CloudContext context, std::string resource);

  // Throws Error{kAuth}: where it looked and what was there, never a secret; Error{kUnsupported} for
  // certificates.
  AccessToken token(const std::stop_token& stop) { return token_.get(stop); }
  // A service refused the token before its time.
  void forget() { token_.forget(); }

 private:
  AccessToken fetch(const std::stop_token& stop) const;
  std::optional<AccessToken> by_client(std::vector<std::string>& tried, const std::stop_token& stop) const;
  std::optional<AccessToken> by_machine(std::vector<std::string>& tried, const std::stop_token& stop) const;

  const CloudContext context_;
  const std::string resource_;
  Refreshed<AccessToken> token_;
};

}  // namespace cooper::cloud
