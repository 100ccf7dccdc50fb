// All places where credentials for registries are looked for, in their order.
#pragma once

#include <memory>

#include "cloud/context.h"
#include "registry/credentials.h"

namespace cooper::access {

// Files are read now, programs and services asked when a registry wants to know. Throws Error{kUsage} for a
// file that is there and malformed.
std::shared_ptr<registry::CredentialStore> open_credentials(const cloud::CloudContext& context);

}  // namespace cooper::access
