// Who we are to Google Cloud: application default credentials, as its own libraries find them (AIP-4110).
//
// A given file, GOOGLE_APPLICATION_CREDENTIALS, the file that gcloud leaves, the machine's metadata service.
// A file that is there and fails ends the search. Tokens are fetched once for all threads and renewed before
// they expire.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "cloud/access_token.h"
#include "cloud/context.h"
#include "cloud/refreshed.h"

namespace cooper::cloud {

class GoogleIdentity final {
 public:
  // `file`: "" to look for one.
  GoogleIdentity(CloudContext context, std::string file);

  // A token for all of Google Cloud. Throws Error{kAuth}: where it looked and what was there, never a secret.
  AccessToken token(const std::stop_token& stop) { return token_.get(stop); }
  // A service refused the token before its time.
  void forget() { token_.forget(); }

 private:
  AccessToken fetch(const std::stop_token& stop) const;
  std::string default_file() const;

  const CloudContext context_;
  const std::string file_;
  Refreshed<AccessToken> token_;
};

}  // namespace cooper::cloud
