// cooper login and cooper logout: keep who we are to a registry where docker keeps it, and take it away.
#pragma once

#include <string>

#include "cli/arguments.h"
#include "cli/environment.h"
#include "cli/registry_flags.h"

namespace cooper::cli {

struct LoginFlags {
  std::string server = "docker.io";
  std::string username;
  std::string password;
  bool password_stdin = false;
  bool get_login = false;
  std::string authfile;  // "": where docker keeps it
  RegistryFlags registry;
};

struct LogoutFlags {
  std::string server = "docker.io";
  std::string authfile;
};

void add_login_flags(Command command, LoginFlags& flags);
void add_logout_flags(Command command, LogoutFlags& flags);

// Each returns the exit code.
int run_login_command(const LoginFlags& flags, const Environment& environment);
int run_logout_command(const LogoutFlags& flags, const Environment& environment);

}  // namespace cooper::cli
