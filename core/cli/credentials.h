// Registry credentials as docker users have them.
#pragma once

#include <memory>

#include "cli/environment.h"
#include "registry/credentials.h"

namespace cooper::cli {

// $DOCKER_AUTH_CONFIG's JSON, else $DOCKER_CONFIG/config.json, else ~/.docker/config.json; nobody when there
// is none.
std::shared_ptr<registry::CredentialStore> open_credentials(const Environment& environment);

}  // namespace cooper::cli
