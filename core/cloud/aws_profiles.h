// AWS's shared files: ~/.aws/config and ~/.aws/credentials, as the command line tools write them.
// "AWS SDKs and Tools Reference Guide", "Shared config and credentials files". Private to cloud.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cloud/context.h"

namespace cooper::cloud {

using AwsProfile = std::map<std::string, std::string>;  // names in lower case

struct AwsProfiles {
  std::map<std::string, AwsProfile> by_name;
  std::string chosen;              // AWS_PROFILE, else "default"
  bool is_chosen_by_user = false;  // so that its absence is an error
  std::string files;               // for people: where they were looked for

  const AwsProfile* find(const std::string& name) const;
};

// Reads the files that are there; of a key in both, the credentials file's. Throws Error{kIo} for one that
// cannot be read.
AwsProfiles load_aws_profiles(const CloudContext& context);
// Adds the sections of one file's text. `is_config`: sections are called "profile NAME".
void read_aws_profiles(const std::string& text, bool is_config, std::map<std::string, AwsProfile>& profiles);

}  // namespace cooper::cloud
