// --registry-auth: a login for this run, by reference. A secret itself is never taken from an argument, as
// every user of the machine can read those.
//
//   host=HOST[/PATH],username=NAME,password-env=VARIABLE        also username-env, password-file,
//                                                               identity-token-env, identity-token-file,
//                                                               registry-token-env, registry-token-file
//   PATH                                                        of a config.json or an auth.json
#pragma once

#include <map>
#include <memory>
#include <string>

#include "registry/credentials.h"

namespace cooper::access {

// What one value of the flag says. Files of secrets are read whenever a credential is wanted, and once now.
// Throws Error{kUsage} that never shows what was given as a secret.
std::shared_ptr<registry::CredentialStore> open_auth_flag(
    const std::string& value, const std::map<std::string, std::string>& environment);

}  // namespace cooper::access
