#include "oci/reference.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace cooper::oci {

namespace {

constexpr std::string_view kDockerHub = "docker.io";
constexpr std::string_view kOldDockerHub = "index.docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::size_t kLongestName = 255;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
}

[[noreturn]] void refuse(std::string_view text, std::string_view why, std::string hint) {
  throw base::Error(base::ErrorKind::kUsage,
                    fmt::format("invalid image reference '{}': {}", text.substr(0, 300), why))
      .hint(std::move(hint));
}

// alphanumeric runs joined by one '.', one or two '_', or any number of '-'.
bool is_path_component(std::string_view part) {
  std::size_t i = 0;
  while (true) {
    std::size_t start = i;
    while (i < part.size() && (is_lower(part[i]) || is_digit(part[i]))) ++i;
    if (i == start) return false;
    if (i == part.size()) return true;
    start = i;
    while (i < part.size() && !is_lower(part[i]) && !is_digit(part[i])) ++i;
    std::string_view separator = part.substr(start, i - start);
    bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
  }
}

bool is_host_name(std::string_view name) {
  for (const std::string& label : base::split(name, '.')) {
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(),
                     [](char c) { return (is_word(c) && c != '_') || c == '-'; })) {
      return false;
    }
  }
  return true;
}

bool is_ipv6(std::string_view name) {
  if (name.size() < 3 || name.front() != '[' || name.back() != ']') return false;
  return name.substr(1, name.size() - 2).find_first_not_of("0123456789abcdefABCDEF:") ==
         std::string_view::npos;
}

bool is_host(std::string_view host) {
  std::size_t bracket = host.rfind(']');
  std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    std::string_view port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) return false;
  }
  std::string_view name = host.substr(0, colon);
  return is_host_name(name) || is_ipv6(name);
}

bool is_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > 128 || !is_word(tag.front())) return false;
  return std::all_of(tag.begin(), tag.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

// Whether the part before the first '/' names a host rather than a Docker Hub user.
bool names_host(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), is_upper);
}

std::string_view take_digest(std::string_view rest, std::string_view text, Reference& reference) {
  std::size_t at = rest.find('@');
  if (at == std::string_view::npos) return rest;
  reference.digest = base::Digest::parse(rest.substr(at + 1));
  if (!reference.digest)
    refuse(text, "the digest is not valid", "write it as sha256: and 64 lower-case hex digits");
  return rest.substr(0, at);
}

std::string_view take_tag(std::string_view rest, std::string_view text, Reference& reference) {
  std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return rest;
  reference.tag = rest.substr(colon + 1);
  if (!is_tag(reference.tag)) {
    refuse(text, fmt::format("the tag '{}' is not valid", reference.tag.substr(0, 200)),
           "use at most 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'");
  }
  return rest.substr(0, colon);
}

void check_repository(std::string_view repository, std::string_view text) {
  if (repository.empty()) refuse(text, "it has no repository name", "write it as [host/]path[:tag][@digest]");
  if (std::any_of(repository.begin(), repository.end(), is_upper)) {
    refuse(text, "the repository name must be lower case",
           fmt::format("write '{}{}'", text.substr(0, text.find(repository)), base::to_lower(repository)));
  }
  for (const std::string& part : base::split(repository, '/')) {
    if (is_path_component(part)) continue;
    refuse(text, fmt::format("'{}' is no valid part of a repository name", part.substr(0, 200)),
           "use lower-case letters and digits, separated by '.', '_', '__' or '-'");
  }
}

bool is_identifier(std::string_view text) {
  return base::Digest::from_hex(text).has_value();
}

}  // namespace

Reference Reference::parse(std::string_view text) {
  if (is_identifier(text)) {
    refuse(text, "64 hex digits could be an image id", "give a repository name, or name@sha256:<digest>");
  }
  Reference reference;
  reference.host = kDockerHub;
  std::string_view rest = take_digest(text, text, reference);
  std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos && names_host(rest.substr(0, slash))) {
    reference.host = rest.substr(0, slash);
    reference.host_was_explicit = true;
    rest = rest.substr(slash + 1);
    if (!is_host(reference.host)) {
      refuse(text, fmt::format("'{}' is no valid registry host", reference.host.substr(0, 200)),
             "write it as [host[:port]/]path[:tag][@digest]");
    }
    if (reference.host == kOldDockerHub) reference.host = kDockerHub;
  }
  rest = take_tag(rest, text, reference);
  check_repository(rest, text);
  reference.repository = rest;
  if (reference.host == kDockerHub && rest.find('/') == std::string_view::npos) {
    reference.repository.insert(0, kOfficial);
  }
  if (reference.repository.size() > kLongestName) {
    refuse(text, fmt::format("the repository name is longer than {} characters", kLongestName),
           "shorten the name");
  }
  if (reference.tag.empty() && !reference.digest) reference.tag = "latest";
  return reference;
}

std::string Reference::name() const {
  return host + "/" + repository;
}

std::string Reference::str() const {
  std::string text = name();
  if (!tag.empty()) text += ":" + tag;
  if (digest) text += "@" + digest->str();
  return text;
}

std::string Reference::familiar() const {
  std::string text = str();
  if (host != kDockerHub) return text;
  text.erase(0, kDockerHub.size() + 1);
  bool official =
      repository.rfind(kOfficial, 0) == 0 && repository.find('/', kOfficial.size()) == std::string::npos;
  if (official) text.erase(0, kOfficial.size());
  return text;
}

}  // namespace cooper::oci
