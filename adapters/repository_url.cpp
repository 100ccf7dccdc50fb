#include "adapters/repository_url.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "context/git_url.h"

namespace cooper::adapters {
namespace {

constexpr std::string_view kCodeCommit = "v1/repos/";

// Without slashes at both ends, ".git", and what follows '?' or '#'.
std::string plain_path(std::string_view path) {
  path = base::trim(path.substr(0, path.find_first_of("?#")), "/");
  if (path.ends_with(".git")) path.remove_suffix(4);
  return std::string(base::trim(path, "/"));
}

}  // namespace

std::string web_url(std::string_view text) {
  try {
    const context::GitUrl url = context::GitUrl::parse(base::trim(text));
    using Scheme = context::GitUrl::Scheme;
    const bool is_web = url.scheme == Scheme::kHttp || url.scheme == Scheme::kHttps;
    const std::string path = plain_path(url.path);
    if (path.empty()) return "";
    return (url.scheme == Scheme::kHttp ? "http://" : "https://") + (is_web ? url.authority() : url.host) +
           "/" + path;
  } catch (const base::Error&) {
    return "";
  }
}

std::string path_of_repository(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
    url.remove_prefix(std::min(url.find('/'), url.size()));
  }
  std::string path = plain_path(url);
  if (path.starts_with(kCodeCommit)) path.erase(0, kCodeCommit.size());
  return path;
}

}  // namespace cooper::adapters
