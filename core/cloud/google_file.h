// Access tokens by a credentials file of Google's: a service account's key, a user's, or a workload identity
// that a CI's own token is exchanged for. AIP-4110 to AIP-4117. Private to cloud.
#pragma once

#include <stop_token>
#include <string>

#include "cloud/access_token.h"
#include "cloud/context.h"

namespace cooper::cloud {

// Reads the file anew. Throws Error{kAuth} for one that is none and what the service said,
// Error{kUnsupported} naming a type or a source of tokens that cooper does not know.
AccessToken google_token_by_file(const CloudContext& context, const std::string& path,
                                 const std::stop_token& stop);

}  // namespace cooper::cloud
