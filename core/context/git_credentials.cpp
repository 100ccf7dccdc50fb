#include "context/git_credentials.h"

#include <openssl/evp.h>
#include <vector>

#include "base/text.h"

namespace cooper::context {
namespace {

struct Candidate {
  std::string id;
  bool is_token = false;
};

std::string base64(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string basic(const std::string& user, const std::string& password) {
  return "Basic " + base64(user + ":" + password);
}

std::vector<Candidate> candidates(const GitUrl& url, const GitUrl& main) {
  std::vector<Candidate> list;
  const auto add = [&](const std::string& suffix) {
    list.push_back({"GIT_AUTH_HEADER" + suffix, false});
    list.push_back({"GIT_AUTH_TOKEN" + suffix, true});
  };
  add("." + url.authority());
  if (url.authority() != url.host) add("." + url.host);
  if (url.same_origin(main)) add("");
  return list;
}

}  // namespace

std::optional<GitCredential> find_git_credential(const GitUrl& url, const GitUrl& main,
                                                 const SecretLookup& secret) {
  if (url.scheme != GitUrl::Scheme::kHttp && url.scheme != GitUrl::Scheme::kHttps) return std::nullopt;
  if (!url.user.empty() || !url.password.empty())
    return GitCredential{basic(url.user, url.password), "the credentials in the URL"};
  // What a hostile .gitmodules names in clear text gets nothing.
  const bool in_clear = url.scheme == GitUrl::Scheme::kHttp && !url.same_origin(main);
  if (!secret || in_clear) return std::nullopt;
  for (const Candidate& candidate : candidates(url, main)) {
    const std::optional<std::string> value = secret(candidate.id);
    if (!value) continue;
    // Files end with a line break more often than secrets do.
    const std::string trimmed(base::trim(*value));
    return GitCredential{candidate.is_token ? basic("x-access-token", trimmed) : trimmed,
                         "secret '" + candidate.id + "'"};
  }
  return std::nullopt;
}

}  // namespace cooper::context
