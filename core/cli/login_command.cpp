#include "cli/login_command.h"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "access/auth_places.h"
#include "access/docker_config.h"
#include "access/login.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/network.h"
#include "cli/password_prompt.h"
#include "oci/reference.h"
#include "os/fd.h"
#include "registry/login_check.h"

namespace cooper::cli {
namespace {

constexpr std::size_t kPasswordLimit = 64 << 10;

struct Server {
  std::string name;  // "quay.io/team"
  std::string host;  // "quay.io"
};

// Throws Error{kUsage} for what no image's name could begin with.
Server parse_server(const std::string& text) {
  Server server;
  server.name = access::canonical_server(text);
  server.host = server.name.substr(0, server.name.find('/'));
  try {
    if (oci::Reference::parse(server.name + "/x").host == server.host) return server;
  } catch (const base::Error&) {
    // Said below, of the server and not of an image.
  }
  throw base::Error(base::ErrorKind::kUsage, fmt::format("'{}' is no registry's host", text))
      .hint("give it as images' names do: registry.example.com, localhost:5000");
}

std::string path_of(const std::string& authfile, const Environment& environment) {
  return authfile.empty() ? access::docker_config_path(environment.variables()) : authfile;
}

std::string username_of(const LoginFlags& flags) {
  if (!flags.username.empty()) return flags.username;
  if (flags.password_stdin || !can_ask()) {
    throw base::Error(base::ErrorKind::kUsage, "login needs a user's name")
        .hint("give it with --username, and the password with --password-stdin");
  }
  return std::string(base::trim(ask_line("Username: ")));
}

std::string password_of(const LoginFlags& flags) {
  if (!flags.password.empty()) {
    std::fputs("warning: other users of this machine can read --password: use --password-stdin\n", stderr);
    return flags.password;
  }
  if (flags.password_stdin) {
    os::FdSource input(STDIN_FILENO, "standard input");
    std::string text = base::read_all(input, kPasswordLimit, "the password");
    if (!text.empty() && text.back() == '\n') text.pop_back();
    if (!text.empty() && text.back() == '\r') text.pop_back();
    return text;
  }
  if (!can_ask()) {
    throw base::Error(base::ErrorKind::kUsage, "login needs a password, and there is no terminal to ask at")
        .hint("pipe it in: cooper login --username NAME --password-stdin HOST");
  }
  return ask_secret("Password: ");
}

registry::Credential entered_login(const LoginFlags& flags) {
  if (!flags.password.empty() && flags.password_stdin)
    throw base::Error(base::ErrorKind::kUsage, "--password and --password-stdin exclude each other")
        .hint("keep --password-stdin");
  registry::Credential credential;
  credential.username = username_of(flags);
  credential.password = password_of(flags);
  credential.source = "this login";
  if (credential.username.empty() || credential.password.empty() ||
      credential.username.find(':') != std::string::npos) {
    throw base::Error(base::ErrorKind::kUsage,
                      "a login needs a user's name without a colon, and a password that is not empty")
        .hint("check that what is piped in is not empty");
  }
  return credential;
}

Network open_quietly(const RegistryFlags& flags, const Environment& environment) {
  return open_network(environment, flags,
                      [](const std::string& line) { std::fprintf(stderr, "warning: %s\n", line.c_str()); });
}

int print_login(const LoginFlags& flags, const Server& server, const Environment& environment) {
  RegistryFlags registry = flags.registry;
  if (!flags.authfile.empty()) registry.auth = {flags.authfile};
  const Network network = open_quietly(registry, environment);
  const std::string part = server.name.substr(server.host.size());
  const registry::CredentialSearch search =
      network.credentials->find(server.host, part.empty() ? part : part.substr(1), {});
  if (!search.found) {
    throw base::Error(base::ErrorKind::kAuth, fmt::format("not logged in to '{}' (looked in: {})",
                                                          server.name, base::join(search.tried, "; ")))
        .hint("log in with: cooper login " + server.name);
  }
  std::printf("%s\n", search.found->username.empty() ? "<token>" : search.found->username.c_str());
  return 0;
}

}  // namespace

void add_login_flags(Command command, LoginFlags& flags) {
  command.add_positional("HOST", flags.server, "the registry (default: docker.io)");
  command.add_option("-u,--username", flags.username, "the user's name");
  command.add_flag("--password-stdin", flags.password_stdin, "read the password from standard input");
  command.add_option("-p,--password", flags.password,
                     "the password, which others can see: use --password-stdin");
  command.add_flag("--get-login", flags.get_login, "print as whom we are known there, and change nothing");
  add_registry_flags(command, flags.registry);
  // Logging in is not done by a login.
  command.remove_option("--registry-auth");
  command.add_option("--authfile", flags.authfile,
                     "the file to keep it in (default: $DOCKER_CONFIG/config.json, ~/.docker/config.json)");
}

void add_logout_flags(Command command, LogoutFlags& flags) {
  command.add_positional("HOST", flags.server, "the registry (default: docker.io)");
  command.add_option(
      "--authfile", flags.authfile,
      "the file that it is kept in (default: $DOCKER_CONFIG/config.json, ~/.docker/config.json)");
}

int run_login_command(const LoginFlags& flags, const Environment& environment) {
  const Server server = parse_server(flags.server);
  if (flags.get_login) return print_login(flags, server, environment);
  const std::string path = path_of(flags.authfile, environment);
  const registry::Credential credential = entered_login(flags);
  const Network network = open_quietly(flags.registry, environment);
  registry::check_login(network.http, network.options, server.host, credential, {});
  const access::Logins::Kept kept =
      access::Logins(path).keep(server.name, credential.username, credential.password, {});
  if (!kept.is_encrypted) {
    std::fprintf(stderr,
                 "warning: the password is kept unencrypted in '%s'\n"
                 "hint: name a credential helper in its credsStore to keep logins elsewhere\n",
                 kept.where.c_str());
  }
  std::puts("Login Succeeded");
  return 0;
}

int run_logout_command(const LogoutFlags& flags, const Environment& environment) {
  const Server server = parse_server(flags.server);
  const bool was_there = access::Logins(path_of(flags.authfile, environment)).forget(server.name, {});
  std::printf(was_there ? "Removed the login of '%s'\n" : "Not logged in to '%s'\n", server.name.c_str());
  return 0;
}

}  // namespace cooper::cli
