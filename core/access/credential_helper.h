// The protocol of docker-credential-helpers: programs that keep logins somewhere safer than a file.
//
// "docker-credential-NAME get|store|erase", the server or JSON on standard input, errors on standard output.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "base/error.h"

namespace cooper::access {

// "docker-credential-NAME".
std::string helper_program(const std::string& name);

// Whether the error of one of the functions below says that there is no such program. A folder of PATH that
// may not be looked into hides the difference to one that may not be run.
bool is_helper_missing(const base::Error& error);

// What it says of `server`, JSON of ServerURL, Username and Secret; nullopt when it knows no such server.
// Throws Error{kAuth} with what it said, Error{kIo} when it cannot be run,
// Error{kUsage} for a name that is none.
std::optional<std::string> ask_helper(const std::string& name, const std::string& server,
                                      const std::stop_token& stop);
// Throw the same.
void store_in_helper(const std::string& name, const std::string& server, const std::string& username,
                     const std::string& secret, const std::stop_token& stop);
void erase_from_helper(const std::string& name, const std::string& server, const std::stop_token& stop);

}  // namespace cooper::access
