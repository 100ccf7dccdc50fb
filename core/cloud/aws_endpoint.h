// Where AWS's services are: by region, or where AWS_ENDPOINT_URL and its kin say.
#pragma once

#include <string>

#include "cloud/context.h"

namespace cooper::cloud {

// AWS_ENDPOINT_URL_<service>, else AWS_ENDPOINT_URL, without a slash at the end; "" when neither is set.
// `service` in upper case: "S3".
std::string aws_endpoint_override(const CloudContext& context, const std::string& service);
// "amazonaws.com", or that of China's regions.
std::string aws_domain(const std::string& region);

}  // namespace cooper::cloud
