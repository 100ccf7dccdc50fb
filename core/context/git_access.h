// What reaching git repositories needs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "context/git_credentials.h"
#include "net/http.h"

namespace cooper::context {

struct GitAccess {
  std::shared_ptr<net::HttpClient> http;
  SecretLookup secret;                     // may be empty: no secrets
  std::function<std::string()> ssh_agent;  // its socket, asked for when it is needed; "" or empty: no ssh
  std::vector<std::string> known_hosts;    // files of host keys, besides the user's and the system's
  bool verify = true;                      // false: any certificate of an https server
  std::string ssh_program = "ssh";
  std::function<void(const std::string&)> on_retry;  // hears each failed attempt as one line; may be empty
};

}  // namespace cooper::context
