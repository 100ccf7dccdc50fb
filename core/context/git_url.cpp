#include "context/git_url.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::context {
namespace {

using Scheme = GitUrl::Scheme;

struct SchemeName {
  Scheme scheme;
  std::string_view name;
  std::uint16_t port;
};
constexpr SchemeName kSchemes[] = {{Scheme::kHttps, "https", 443},
                                   {Scheme::kHttp, "http", 80},
                                   {Scheme::kSsh, "ssh", 22},
                                   {Scheme::kGit, "git", 9418}};

const SchemeName& details_of(Scheme scheme) {
  return *std::find_if(std::begin(kSchemes), std::end(kSchemes),
                       [&](const SchemeName& known) { return known.scheme == scheme; });
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// For errors about URLs that are not valid: what might be credentials ends at the last '@', wherever that is.
std::string without_user(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  const std::size_t at = text.rfind('@');
  std::string shown(text);
  if (scheme_end != std::string_view::npos && at != std::string_view::npos && at > scheme_end)
    shown.erase(scheme_end + 3, at - scheme_end - 2);
  std::replace_if(shown.begin(), shown.end(), is_control, '?');
  return shown;
}

[[noreturn]] void refuse(std::string_view text, std::string_view reason, std::string hint = "") {
  base::Error error(base::ErrorKind::kContext,
                    fmt::format("git repository '{}': {}", without_user(text), reason));
  if (!hint.empty()) error.hint(std::move(hint));
  throw error;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A leading '-' would be an option of ssh (CVE-2017-1000117).
bool is_plain_name(std::string_view name, std::string_view also) {
  if (name.empty() || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_alphanumeric(c) || also.find(c) != std::string_view::npos; });
}

bool is_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const std::string_view address = host.substr(1, host.size() - 2);
    return address.find(':') != std::string_view::npos && is_plain_name("0" + std::string(address), ":.%");
  }
  return is_plain_name(host, "._-");
}

void read_path(GitUrl& url, std::string_view path, std::string_view text) {
  if (path.empty() || path == "/") refuse(text, "the URL has no path");
  if (path.front() == '-') refuse(text, "the path starts with '-'");
  if (std::any_of(path.begin(), path.end(), is_control)) refuse(text, "the path has control characters");
  url.path = std::string(path);
}

void read_port(GitUrl& url, std::string_view digits, std::string_view text) {
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
  if (error != std::errc() || end != digits.data() + digits.size() || url.port == 0)
    refuse(text, fmt::format("port '{}' is not valid", digits));
}

void read_user(GitUrl& url, std::string_view info, std::string_view text) {
  const std::size_t colon = info.find(':');
  url.user = base::percent_decode(info.substr(0, colon));
  if (colon != std::string_view::npos) url.password = base::percent_decode(info.substr(colon + 1));
  if (url.scheme == Scheme::kSsh && !is_plain_name(url.user, "._-+"))
    refuse(text, "the user name is not valid for ssh");
}

// "user@host:path", and nothing else without a scheme: what has no host is a local path.
GitUrl parse_scp_form(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::size_t at = text.substr(0, colon).find('@');
  if (at == std::string_view::npos || colon == std::string_view::npos || text.find('/') < colon) {
    refuse(text, "is no URL of another host",
           "write https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH");
  }
  GitUrl url;
  url.scheme = Scheme::kSsh;
  url.port = 22;
  url.scp_form = true;
  url.host = base::to_lower(text.substr(at + 1, colon - at - 1));
  if (!is_host(url.host)) refuse(text, "the host name is not valid");
  read_user(url, text.substr(0, at), text);
  read_path(url, text.substr(colon + 1), text);
  return url;
}

}  // namespace

GitUrl GitUrl::parse(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return parse_scp_form(text);
  const std::string scheme = base::to_lower(text.substr(0, scheme_end));
  const auto* known = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                   [&](const SchemeName& candidate) { return candidate.name == scheme; });
  if (known == std::end(kSchemes)) {
    refuse(text, fmt::format("the scheme '{}' is not allowed", scheme), "use https, http, ssh or git");
  }
  GitUrl url;
  url.scheme = known->scheme;
  url.port = known->port;
  const std::string_view rest = text.substr(scheme_end + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    read_user(url, authority.substr(0, at), text);
    authority.remove_prefix(at + 1);
  }
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.host = base::to_lower(authority.substr(0, colon));
  if (!is_host(url.host)) refuse(text, "the host name is not valid");
  if (colon != std::string_view::npos) read_port(url, authority.substr(colon + 1), text);
  read_path(url, rest.substr(slash), text);
  return url;
}

GitUrl GitUrl::local(std::string directory) {
  GitUrl url;
  url.scheme = Scheme::kLocal;
  url.path = std::move(directory);
  return url;
}

GitUrl GitUrl::resolve(std::string_view relative) const {
  if (!relative.starts_with("./") && !relative.starts_with("../")) {
    GitUrl other = parse(relative);
    if (other.user.empty() && same_origin(other)) {
      other.user = user;
      other.password = password;
    }
    return other;
  }
  GitUrl url = *this;
  while (url.path.size() > 1 && url.path.back() == '/') url.path.pop_back();
  while (true) {
    if (relative.starts_with("./")) {
      relative.remove_prefix(2);
    } else if (relative.starts_with("../")) {
      relative.remove_prefix(3);
      const std::size_t slash = url.path.rfind('/');
      const bool at_top = url.path.empty() || url.path == "/" || slash == std::string::npos;
      if (at_top && (!scp_form || url.path.empty()))
        refuse(str(), fmt::format("the submodule's URL '../{}' leaves the host", relative));
      url.path.erase(slash == std::string::npos ? 0 : slash);
    } else {
      break;
    }
  }
  if (!url.path.empty() || !scp_form) url.path += '/';
  read_path(url, url.path + std::string(relative), str());
  return url;
}

std::string GitUrl::str() const {
  if (scheme == Scheme::kLocal) return path;
  const std::string account = scheme == Scheme::kSsh && !user.empty() ? user + "@" : "";
  if (scp_form) return account + host + ":" + path;
  return fmt::format("{}://{}{}{}", details_of(scheme).name, account, authority(), path);
}

std::string GitUrl::authority() const {
  if (scheme == Scheme::kLocal || port == details_of(scheme).port) return host;
  return fmt::format("{}:{}", host, port);
}

bool GitUrl::same_origin(const GitUrl& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

}  // namespace cooper::context
