// From a profile of the shared files to keys: its own, or those of the role it names. Private to cloud.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "cloud/aws_profiles.h"
#include "cloud/aws_signature.h"
#include "cloud/context.h"

namespace cooper::cloud {

// AWS_ACCESS_KEY_ID and its kin; nullopt when it is not set. Throws Error{kAuth} for half of a pair.
std::optional<AwsCredentials> environment_credentials(const CloudContext& context);

// nullopt for a profile without any. Throws Error{kAuth} for one that is incomplete or leads to itself,
// Error{kUnsupported} for a way that cooper does not know: credential_process, single sign-on, MFA.
std::optional<AwsCredentials> profile_credentials(const CloudContext& context, const AwsProfiles& profiles,
                                                  const std::string& region, const std::stop_token& stop);

}  // namespace cooper::cloud
