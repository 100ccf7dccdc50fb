// Whether a registry takes a login, asked as docker and podman do: GET /v2/, which every registry has and
// which needs no repository. OCI distribution-spec, "Determining Support".
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "net/http.h"
#include "registry/client.h"
#include "registry/credentials.h"

namespace cooper::registry {

// Throws Error{kAuth} when `host` refuses the credential, Error{kRegistry} when it is no registry or cannot
// be reached. A registry that asks nobody for a credential takes every one.
void check_login(std::shared_ptr<net::HttpClient> http, const ClientOptions& options, const std::string& host,
                 const Credential& credential, const std::stop_token& stop);

}  // namespace cooper::registry
