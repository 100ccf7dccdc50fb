#include "build/context_kind.h"

#include <fmt/format.h>

#include "base/error.h"
#include "dockerfile/git_ref.h"
#include "net/redact.h"

namespace cooper::build {
namespace {

using Kind = WrittenContext::Kind;

base::Error usage(const std::string& text, const std::string& cause) {
  return base::Error(base::ErrorKind::kUsage,
                     fmt::format("build context '{}': {}", net::redact_url(text), cause));
}

// BuildKit takes this one host without a scheme, from the days of docker build github.com/….
bool is_bare_github(const std::string& text) {
  return text.starts_with("github.com/");
}

bool is_git(const std::string& text) {
  try {
    return is_bare_github(text) ? dockerfile::parse_git_ref("https://" + text, true).has_value()
                                : dockerfile::parse_git_ref(text).has_value();
  } catch (const base::Error& error) {
    throw usage(text, error.message()).hint(error.hint());
  }
}

}  // namespace

WrittenContext read_context_text(const std::string& text) {
  constexpr std::string_view kImage = "docker-image://";
  constexpr std::string_view kLayout = "oci-layout://";
  if (text.empty()) throw base::Error(base::ErrorKind::kUsage, "the build context is empty");
  if (text == "-") return {Kind::kStdin, text};
  if (text.starts_with(kImage)) return {Kind::kImage, text.substr(kImage.size())};
  if (text.starts_with(kLayout)) return {Kind::kOciLayout, text.substr(kLayout.size())};
  if (is_git(text)) {
    bool has_scheme = text.find("://") != std::string::npos;
    return {Kind::kGit, is_bare_github(text) ? "https://" + text : text, !has_scheme};
  }
  if (dockerfile::is_http_source(text)) return {Kind::kHttp, text};
  if (std::size_t scheme = text.find("://"); scheme != std::string::npos && text.find('/') == scheme + 1) {
    throw usage(text, fmt::format("'{}' is no kind of context", text.substr(0, scheme + 3)))
        .hint("give a directory, a tar file, -, a git or http(s) URL, docker-image:// or oci-layout://");
  }
  return {Kind::kPath, text};
}

}  // namespace cooper::build
