#include "cloud/aws_credentials.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "cloud/aws_metadata.h"
#include "cloud/aws_profile_credentials.h"
#include "cloud/aws_profiles.h"
#include "cloud/aws_sts.h"

namespace cooper::cloud {

AwsIdentity::AwsIdentity(CloudContext context, AwsOptions options)
    : context_(std::move(context)),
      options_(std::move(options)),
      credentials_(context_.now, [this](const std::stop_token& stop) { return fetch(stop); }) {
  if (options_.access_key_id.empty() != options_.secret_access_key.empty()) {
    throw base::Error(base::ErrorKind::kUsage, "only one of access_key_id and secret_access_key is given")
        .hint("give both, or neither");
  }
}

AwsCredentials AwsIdentity::fetch(const std::stop_token& stop) const {
  if (!options_.access_key_id.empty()) {
    return {options_.access_key_id, options_.secret_access_key, options_.session_token, std::nullopt,
            "the given keys"};
  }
  std::vector<std::string> tried;
  if (auto found = from_environment(tried)) return *found;
  if (auto found = from_web_identity(tried, stop)) return *found;
  if (auto found = from_profile(tried, stop)) return *found;
  if (auto found = container_credentials(context_, tried, stop)) return *found;
  if (auto found = instance_credentials(context_, tried, stop)) return *found;
  throw base::Error(base::ErrorKind::kAuth,
                    fmt::format("no AWS credentials found; looked in: {}", base::join(tried, "; ")))
      .hint("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the job a role");
}

std::optional<AwsCredentials> AwsIdentity::from_environment(std::vector<std::string>& tried) const {
  std::optional<AwsCredentials> found = environment_credentials(context_);
  if (!found) tried.emplace_back("the environment (AWS_ACCESS_KEY_ID is not set)");
  return found;
}

std::optional<AwsCredentials> AwsIdentity::from_web_identity(std::vector<std::string>& tried,
                                                             const std::stop_token& stop) const {
  std::string file = context_.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (file.empty()) {
    tried.emplace_back("web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set)");
    return std::nullopt;
  }
  AwsRole role;
  role.arn = context_.variable("AWS_ROLE_ARN");
  role.session_name = context_.variable("AWS_ROLE_SESSION_NAME");
  if (role.arn.empty()) {
    throw base::Error(base::ErrorKind::kAuth, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not")
        .hint("set AWS_ROLE_ARN to the role that the token is exchanged for");
  }
  return assume_role_with_token_file(context_, region(), role, file, stop);
}

std::optional<AwsCredentials> AwsIdentity::from_profile(std::vector<std::string>& tried,
                                                        const std::stop_token& stop) const {
  AwsProfiles profiles = load_aws_profiles(context_);
  std::optional<AwsCredentials> found = profile_credentials(context_, profiles, region(), stop);
  if (!found) tried.push_back(fmt::format("profile '{}' ({})", profiles.chosen, profiles.files));
  return found;
}

std::string AwsIdentity::region() const {
  if (!options_.region.empty()) return options_.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = context_.variable(name); !region.empty()) return region;
  }
  AwsProfiles profiles = load_aws_profiles(context_);
  const AwsProfile* profile = profiles.find(profiles.chosen);
  if (profile == nullptr || !profile->contains("region")) return {};
  return profile->at("region");
}

std::string AwsIdentity::find_region(const std::stop_token& stop) const {
  std::string known = region();
  return known.empty() ? instance_region(context_, stop) : known;
}

}  // namespace cooper::cloud
