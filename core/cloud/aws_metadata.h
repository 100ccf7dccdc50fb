// Keys that AWS hands to the place a job runs at: the container endpoint (ECS, CodeBuild, EKS pod identity)
// and EC2's instance metadata, version 2 only. Private to cloud.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cloud/aws_signature.h"
#include "cloud/context.h"

namespace cooper::cloud {

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI; nullopt when neither is set, which `tried` is told.
// Throws Error{kAuth} for a host that must not see the token, and when the endpoint fails.
std::optional<AwsCredentials> container_credentials(const CloudContext& context,
                                                    std::vector<std::string>& tried,
                                                    const std::stop_token& stop);
// nullopt when it is switched off, nobody answers, or the instance has no role, which `tried` is told.
std::optional<AwsCredentials> instance_credentials(const CloudContext& context,
                                                   std::vector<std::string>& tried,
                                                   const std::stop_token& stop);
// "" when unknown.
std::string instance_region(const CloudContext& context, const std::stop_token& stop);

}  // namespace cooper::cloud
