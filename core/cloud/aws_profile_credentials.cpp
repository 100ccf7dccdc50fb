#include "cloud/aws_profile_credentials.h"

#include <fmt/format.h>
#include <set>

#include "base/error.h"
#include "cloud/aws_metadata.h"
#include "cloud/aws_sts.h"

namespace cooper::cloud {

namespace {

std::string value(const AwsProfile& profile, const std::string& name) {
  auto found = profile.find(name);
  return found == profile.end() ? std::string() : found->second;
}

class Resolver {
 public:
  Resolver(const CloudContext& context, const AwsProfiles& profiles, std::string region,
           const std::stop_token& stop)
      : context_(context), profiles_(profiles), region_(std::move(region)), stop_(stop) {}

  std::optional<AwsCredentials> resolve(const std::string& name) {
    const AwsProfile* profile = profiles_.find(name);
    if (profile == nullptr) throw error(name, "does not exist " + profiles_.files);
    if (!visited_.insert(name).second) {
      // A role may be assumed by the same profile's own keys.
      if (std::optional<AwsCredentials> own = own_keys(name, *profile)) return own;
      throw error(name, "leads back to itself by source_profile");
    }
    if (!value(*profile, "role_arn").empty()) return role(name, *profile);
    if (std::optional<AwsCredentials> own = own_keys(name, *profile)) return own;
    for (const char* way : {"credential_process", "sso_session", "sso_start_url", "login_session"}) {
      if (!value(*profile, way).empty()) throw unsupported(name, way);
    }
    return std::nullopt;
  }

 private:
  AwsCredentials role(const std::string& name, const AwsProfile& profile) {
    AwsRole role;
    role.arn = value(profile, "role_arn");
    role.session_name = value(profile, "role_session_name");
    if (role.session_name.empty()) role.session_name = context_.variable("AWS_ROLE_SESSION_NAME");
    role.external_id = value(profile, "external_id");
    role.duration = value(profile, "duration_seconds");
    if (std::string file = value(profile, "web_identity_token_file"); !file.empty())
      return assume_role_with_token_file(context_, region_, role, file, stop_);
    if (!value(profile, "mfa_serial").empty()) throw unsupported(name, "mfa_serial");
    std::optional<AwsCredentials> by = source(name, profile);
    if (!by) throw error(name, "names a role, but no keys to assume it with were found");
    return assume_role(context_, region_, role, *by, stop_);
  }

  std::optional<AwsCredentials> source(const std::string& name, const AwsProfile& profile) {
    if (std::string other = value(profile, "source_profile"); !other.empty()) return resolve(other);
    std::string kind = value(profile, "credential_source");
    std::vector<std::string> ignored;
    if (kind == "Environment") return environment_credentials(context_);
    if (kind == "EcsContainer") return container_credentials(context_, ignored, stop_);
    if (kind == "Ec2InstanceMetadata") return instance_credentials(context_, ignored, stop_);
    if (kind.empty()) throw error(name, "has role_arn, but neither source_profile nor credential_source");
    throw error(name, fmt::format("has the credential_source '{}', which is none", kind));
  }

  static std::optional<AwsCredentials> own_keys(const std::string& name, const AwsProfile& profile) {
    AwsCredentials keys;
    keys.access_key_id = value(profile, "aws_access_key_id");
    keys.secret_access_key = value(profile, "aws_secret_access_key");
    keys.session_token = value(profile, "aws_session_token");
    keys.source = fmt::format("profile '{}'", name);
    if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return std::nullopt;
    if (keys.access_key_id.empty() || keys.secret_access_key.empty())
      throw error(name, "has only one of aws_access_key_id and aws_secret_access_key");
    return keys;
  }

  static base::Error error(const std::string& name, const std::string& what) {
    return {base::ErrorKind::kAuth, fmt::format("the AWS profile '{}' {}", name, what)};
  }
  static base::Error unsupported(const std::string& name, const std::string& way) {
    return base::Error(base::ErrorKind::kUnsupported,
                       fmt::format("the AWS profile '{}' uses {}, which cooper does not support", name, way))
        .hint("give the keys by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN");
  }

  const CloudContext& context_;
  const AwsProfiles& profiles_;
  const std::string region_;
  const std::stop_token& stop_;
  std::set<std::string> visited_;
};

}  // namespace

std::optional<AwsCredentials> environment_credentials(const CloudContext& context) {
  AwsCredentials keys;
  keys.access_key_id = context.variable("AWS_ACCESS_KEY_ID");
  keys.secret_access_key = context.variable("AWS_SECRET_ACCESS_KEY");
  keys.session_token = context.variable("AWS_SESSION_TOKEN");
  keys.source = "the environment";
  if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return std::nullopt;
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
    throw base::Error(base::ErrorKind::kAuth,
                      "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set")
        .hint("set both, or neither");
  }
  return keys;
}

std::optional<AwsCredentials> profile_credentials(const CloudContext& context, const AwsProfiles& profiles,
                                                  const std::string& region, const std::stop_token& stop) {
  if (!profiles.is_chosen_by_user && profiles.find(profiles.chosen) == nullptr) return std::nullopt;
  return Resolver(context, profiles, region, stop).resolve(profiles.chosen);
}

}  // namespace cooper::cloud
