#include "cloud/aws_endpoint.h"

namespace cooper::cloud {

std::string aws_endpoint_override(const CloudContext& context, const std::string& service) {
  std::string url = context.variable("AWS_ENDPOINT_URL_" + service);
  if (url.empty()) url = context.variable("AWS_ENDPOINT_URL");
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

std::string aws_domain(const std::string& region) {
  return region.rfind("cn-", 0) == 0 ? "amazonaws.com.cn" : "amazonaws.com";
}

}  // namespace cooper::cloud
