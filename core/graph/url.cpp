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

std::string text_without_credentials(std::string_view text) {
  constexpr std::string_view kScheme =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-";  // RFC 3986, section 3.1
  std::string clean;
  for (std::size_t mark; (mark = text.find("://")) != std::string_view::npos;) {
    const std::size_t before = text.substr(0, mark).find_last_not_of(kScheme);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'`<>", mark), text.size());
    clean += text.substr(0, begin);
    clean += without_credentials(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
  return clean += text;
}

}  // namespace cooper::graph
