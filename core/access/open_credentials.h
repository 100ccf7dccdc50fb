// All places where credentials for registries are looked for, in their order (docs/credentials.md).
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cloud/context.h"
#include "registry/credentials.h"

namespace cooper::access {

struct CredentialOptions {
  std::vector<std::string> flags;  // the values of --registry-auth, which come first
  // Which of the places are asked that are no file of docker's or podman's: "env" (variables that name a
  // host), "gitlab" (those of the CI system), "ecr", "google", "acr". nullopt: all.
  std::optional<std::set<std::string>> places;
  bool kaniko_variables = false;  // "env" has KANIKO_<HOST>_USER and _PASSWORD
};

// Files are read now and when they change, programs and services asked when a registry wants to know. Throws
// Error{kUsage} for a flag that says nothing, and for a file that is there and malformed.
std::shared_ptr<registry::CredentialStore> open_credentials(const cloud::CloudContext& context,
                                                            const CredentialOptions& options = {});

}  // namespace cooper::access
