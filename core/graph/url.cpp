#include "graph/url.h"

#include <algorithm>

#include "base/text.h"

namespace cooper::graph {

std::string without_credentials(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::string(url);
  const std::string_view prefix = url.substr(0, scheme_end + 3);
  std::string_view rest = url.substr(scheme_end + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return std::string(url);

  const std::string scheme = base::to_lower(url.substr(0, scheme_end));
  std::string user;
  if (scheme != "http" && scheme != "https") {
    user = std::string(authority.substr(0, std::min(at, authority.find(':')))) + "@";
  }
  return std::string(prefix) + user + std::string(rest.substr(at + 1));
}

}  // namespace cooper::graph
