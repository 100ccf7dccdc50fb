// Where a git repository is: the URLs and the scp form that git knows, checked and taken apart.
//
// Everything here comes from Dockerfiles and .gitmodules, so it is hostile: only the schemes that reach
// another host are taken (no file://, no local path, no ext::), and no part may be mistaken for an option by
// ssh.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cooper::context {

struct GitUrl {
  enum class Scheme { kHttp, kHttps, kSsh, kGit, kLocal } scheme = Scheme::kHttps;
  std::string user;        // decoded; for ssh the account, for http(s) a credential
  std::string password;    // decoded; a credential, shown by nothing
  std::string host;        // lower case; IPv6 in brackets
  std::uint16_t port = 0;  // the scheme's default where the URL has none
  std::string path;        // as the server is asked for it: "/org/x.git", "org/x.git" in the scp form
  bool scp_form = false;   // "git@host:org/x.git"

  // Throws Error{kContext} naming the URL, without credentials, and what is wrong with it.
  static GitUrl parse(std::string_view text);
  // A repository on this machine, for tests: parse() never gives one.
  static GitUrl local(std::string directory);

  // What `relative` names beside this repository, as git resolves the URL of a submodule: "../b.git" is
  // beside "…/a.git". Anything not relative is parsed as it is. Credentials go along only within one origin.
  GitUrl resolve(std::string_view relative) const;

  // As it may be shown, stored and hashed: without credentials (the account of ssh stays).
  std::string str() const;
  // "host", or "host:port" where the port is not the scheme's default.
  std::string authority() const;
  // Whether both are served by the same scheme, host and port: what credentials are bound to.
  bool same_origin(const GitUrl& other) const;
};

}  // namespace cooper::context
