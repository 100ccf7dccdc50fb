// All places where credentials for registries are looked for, in their order (docs/credentials.md).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cloud/context.h"
#include "registry/credentials.h"

namespace cooper::access {

// Files are read now and when they change, programs and services asked when a registry wants to know.
// `flags`: the values of --registry-auth, which come first. Throws Error{kUsage} for one of these that says
// nothing, and for a file that is there and malformed.
std::shared_ptr<registry::CredentialStore> open_credentials(const cloud::CloudContext& context,
                                                            const std::vector<std::string>& flags = {});

}  // namespace cooper::access
