// What is sent to a git server so that it believes us: the secrets GIT_AUTH_TOKEN and GIT_AUTH_HEADER.
//
// As BuildKit has it: "<ID>.<host>" (or "<ID>.<host>:<port>") is for that host alone; the plain ids are for
// the server of the repository that was asked for, and so not for another server that its submodules name. A
// token goes as the password of "x-access-token" (Basic), a header as it is. Only http and https carry them,
// and only to their own origin; they are part of no error, key, stored configuration or log.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "context/git_url.h"

namespace cooper::context {

// The value of a secret; nullopt when the build was not given it.
using SecretLookup = std::function<std::optional<std::string>(const std::string& id)>;

struct GitCredential {
  std::string authorization;  // the value of the header
  std::string origin;         // where it is from, for errors: "secret 'GIT_AUTH_TOKEN'"
};

// For requests to `url`, when `main` is the repository that was asked for (`url` itself, or the one whose
// submodule it is). Credentials in the URL win over secrets.
std::optional<GitCredential> find_git_credential(const GitUrl& url, const GitUrl& main,
                                                 const SecretLookup& secret);

}  // namespace cooper::context
