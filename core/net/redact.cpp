#include "net/redact.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cooper::net {

namespace {

// A query key is masked when it contains one of these: signed URLs of object stores carry whole credentials.
constexpr std::array<std::string_view, 11> kSecretWords = {"token",      "sig",  "secret",   "password",
                                                           "passwd",     "key",  "x-amz-",   "x-goog-",
                                                           "credential", "auth", "upload_id"};

bool is_secret(std::string_view key) {
  std::string lower = base::to_lower(key);
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

std::string redact_query(std::string_view query) {
  std::vector<std::string> pairs = base::split(query, '&');
  for (std::string& pair : pairs) {
    std::size_t equals = pair.find('=');
    if (equals != std::string::npos && is_secret(std::string_view(pair).substr(0, equals))) {
      pair.replace(equals + 1, std::string::npos, "***");
    }
  }
  return base::join(pairs, "&");
}

}  // namespace

std::string redact_url(std::string_view url) {
  std::string out;
  std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    out = url.substr(0, scheme + 3);
    url.remove_prefix(scheme + 3);
  }
  std::size_t authority_end = std::min(url.find_first_of("/?#"), url.size());
  std::size_t at = url.substr(0, authority_end).rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);

  std::size_t query = url.find('?');
  if (query == std::string_view::npos) return out.append(url);
  std::size_t fragment = std::min(url.find('#', query), url.size());
  out.append(url.substr(0, query + 1));
  out += redact_query(url.substr(query + 1, fragment - query - 1));
  return out.append(url.substr(fragment));
}

}  // namespace cooper::net
