// What reaching git repositories needs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "context/git_credentials.h"
#include "net/http.h"

namespace cooper::context {

struct GitAccess {
  std::shared_ptr<net::HttpClient> http;
  SecretLookup secret;                   // may be empty: no secrets
  std::string ssh_socket;                // of the agent, "" for none: then no ssh
  std::vector<std::string> known_hosts;  // files of host keys, besides the user's and the system's
  std::string ssh_program = "ssh";
};

}  // namespace cooper::context
