#include <algorithm>

#include "base/text.h"
#include "registry/auth.h"

namespace cooper::registry {

namespace {

// A cursor over one WWW-Authenticate value.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  void skip(std::string_view characters) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
  }

  std::string_view word() {
    std::size_t end = std::min(rest_.find_first_of(" \t,=\""), rest_.size());
    std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return taken;
  }

  // Whether a '=' follows, which it passes: the word before was a parameter's name, not a scheme.
  bool take_equals() {
    std::string_view ahead = base::trim(rest_, " \t");
    if (ahead.empty() || ahead.front() != '=') return false;
    rest_ = base::trim(ahead.substr(1), " \t");
    return true;
  }

  std::string value() {
    if (rest_.empty() || rest_.front() != '"') return std::string(word());
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return text;
  }

  void drop_one() {
    if (!rest_.empty()) rest_.remove_prefix(1);
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> challenges;
  Scanner scanner(header);
  while (true) {
    scanner.skip(" \t,");
    if (scanner.at_end()) return challenges;
    std::string_view word = scanner.word();
    if (word.empty()) {
      scanner.drop_one();
    } else if (!scanner.take_equals()) {
      challenges.push_back({base::to_lower(word), {}});
    } else if (std::string value = scanner.value(); !challenges.empty()) {
      challenges.back().parameters.emplace(base::to_lower(word), std::move(value));
    }
  }
}

std::optional<Challenge> choose_challenge(const net::Response& response) {
  std::optional<Challenge> basic;
  std::optional<Challenge> unusable;  // a token server without an address: its error is worth showing
  for (const auto& [name, value] : response.headers) {
    if (name != "www-authenticate") continue;
    for (Challenge& challenge : parse_challenges(value)) {
      const bool is_bearer = challenge.scheme == "bearer";
      if (is_bearer && challenge.parameters.count("realm") > 0) return std::move(challenge);
      if (is_bearer)
        unusable = std::move(challenge);
      else if (challenge.scheme == "basic" && !basic)
        basic = std::move(challenge);
    }
  }
  return basic ? basic : unusable;
}

}  // namespace cooper::registry
