// AWS's Security Token Service: a role's temporary keys, for a token of the CI's or for other keys.
// "AWS Security Token Service API Reference", AssumeRole and AssumeRoleWithWebIdentity. Private to cloud.
#pragma once

#include <stop_token>
#include <string>

#include "cloud/aws_signature.h"
#include "cloud/context.h"

namespace cooper::cloud {

struct AwsRole {
  std::string arn;
  std::string session_name;  // what is not allowed in one is replaced; "" for "cooper"
  std::string external_id;   // AssumeRole only
  std::string duration;      // seconds, "" for the service's default
};

// Throws Error{kAuth} with what the service said. `region` chooses the endpoint, "" for the global one.
AwsCredentials assume_role(const CloudContext& context, const std::string& region, const AwsRole& role,
                           const AwsCredentials& by, const std::stop_token& stop);
AwsCredentials assume_role_with_token_file(const CloudContext& context, const std::string& region,
                                           const AwsRole& role, const std::string& token_file,
                                           const std::stop_token& stop);

}  // namespace cooper::cloud
