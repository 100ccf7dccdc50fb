#include "dockerfile/shell_pattern.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <vector>

#include "base/error.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
// Steps of the automaton; about a tenth of a second.
constexpr std::uint64_t kMaxSteps = std::uint64_t{1} << 26U;
constexpr std::size_t kMaxResult = std::size_t{1} << 20U;

struct Token {
  enum Kind { kLiteral, kAny, kStar } kind = kLiteral;
  char32_t code = 0;
};

[[noreturn]] void fail(const std::string& message) {
  throw base::Error(base::ErrorKind::kDockerfile, message);
}

std::vector<Token> parse_pattern(std::u32string_view pattern) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char32_t code = pattern[i];
    if (code == U'*') {
      tokens.push_back({Token::kStar, 0});
    } else if (code == U'?') {
      tokens.push_back({Token::kAny, 0});
    } else if (code != U'\\') {
      tokens.push_back({Token::kLiteral, code});
    } else {
      char32_t next = i + 1 < pattern.size() ? pattern[i + 1] : kReplacement;
      if (next == U'}' || next == U'/') continue;  // the delimiter stands for itself
      if (next != U'*' && next != U'?' && next != U'\\') {
        fail(fmt::format("invalid pattern '{}' in substitution: invalid escape '\\{}'", encode_all(pattern),
                         encode_all(std::u32string(1, next))));
      }
      tokens.push_back({Token::kLiteral, next});
      ++i;
    }
  }
  return tokens;
}

struct Match {
  std::size_t start = 0;
  std::size_t end = 0;
};

// Walks the automaton over `text` from `from`. Each state remembers the earliest start that reaches it, which
// gives the leftmost match without trying one start after another.
class Matcher {
 public:
  Matcher(const std::vector<Token>& tokens, std::u32string_view text, bool anchored, bool longest)
      : tokens_(tokens), text_(text), anchored_(anchored), longest_(longest) {}

  std::optional<Match> find(std::size_t from) {
    std::vector<std::size_t> states(tokens_.size() + 1, kNone);
    std::vector<std::size_t> next(states.size());
    best_.reset();
    for (std::size_t position = from;; ++position) {
      if (!best_ && (!anchored_ || position == from)) states[0] = std::min(states[0], position);
      bool alive = settle(states, position);
      if (!alive && (best_ || anchored_)) break;
      if (position == text_.size()) break;
      step(states, next, text_[position]);
      states.swap(next);
    }
    return best_;
  }

 private:
  // Follows the empty moves past '*' and records a match; false when no state is left that could improve on
  // it.
  bool settle(std::vector<std::size_t>& states, std::size_t position) {
    spend(states.size());
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (tokens_[i].kind == Token::kStar) states[i + 1] = std::min(states[i + 1], states[i]);
    }
    std::size_t start = states.back();
    if (start != kNone) {
      bool better = !best_ || start < best_->start || (start == best_->start && longest_);
      if (better) best_ = Match{start, position};
      states.back() = kNone;
    }
    bool alive = false;
    for (std::size_t& state : states) {
      if (best_ && (state > best_->start || (state == best_->start && !longest_))) state = kNone;
      alive = alive || state != kNone;
    }
    return alive;
  }

  void step(const std::vector<std::size_t>& states, std::vector<std::size_t>& next, char32_t code) {
    spend(states.size());
    std::fill(next.begin(), next.end(), kNone);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (states[i] == kNone) continue;
      const Token& token = tokens_[i];
      if (token.kind == Token::kStar) {
        if (code != U'\n') next[i] = std::min(next[i], states[i]);
      } else if (token.kind == Token::kAny ? code != U'\n' : code == token.code) {
        next[i + 1] = std::min(next[i + 1], states[i]);
      }
    }
  }

  void spend(std::size_t steps) {
    steps_ += steps;
    if (steps_ > kMaxSteps) fail("pattern in substitution is too costly for a value of this length");
  }

  const std::vector<Token>& tokens_;
  std::u32string_view text_;
  bool anchored_;
  bool longest_;
  std::optional<Match> best_;
  std::uint64_t steps_ = 0;
};

bool is_name_code(char32_t code) {
  return code == U'_' || is_letter(code) || is_digit(code);
}

// The reference takes the replacement of ${v//p/r} as a template in which $0 is the match and other names are
// empty.
std::string expand_template(const std::string& replacement, std::u32string_view match) {
  std::u32string codes = decode_all(replacement);
  std::string result;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] != U'$' || i + 1 == codes.size()) {
      append_utf8(result, codes[i]);
      continue;
    }
    if (codes[i + 1] == U'$') {
      result += '$';
      ++i;
      continue;
    }
    bool braced = codes[i + 1] == U'{';
    std::size_t begin = i + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < codes.size() && is_name_code(codes[end])) ++end;
    if (end == begin || (braced && (end == codes.size() || codes[end] != U'}'))) {
      result += '$';
      continue;
    }
    std::u32string_view name = std::u32string_view(codes).substr(begin, end - begin);
    if (name == U"0") result += encode_all(match);
    i = braced ? end : end - 1;
  }
  return result;
}

}  // namespace

std::string trim_prefix(std::string_view value, std::u32string_view pattern, bool longest) {
  std::vector<Token> tokens = parse_pattern(pattern);
  std::u32string codes = decode_all(value);
  auto match = Matcher(tokens, codes, true, longest).find(0);
  if (!match) return std::string(value);
  return encode_all(std::u32string_view(codes).substr(match->end));
}

std::string trim_suffix(std::string_view value, std::u32string_view pattern, bool longest) {
  std::vector<Token> tokens = parse_pattern(pattern);
  std::reverse(tokens.begin(), tokens.end());
  std::u32string codes = decode_all(value);
  std::reverse(codes.begin(), codes.end());
  auto match = Matcher(tokens, codes, true, longest).find(0);
  std::u32string rest = match ? codes.substr(match->end) : codes;
  std::reverse(rest.begin(), rest.end());
  return encode_all(rest);
}

std::string replace_first(std::string_view value, std::u32string_view pattern,
                          const std::string& replacement) {
  std::vector<Token> tokens = parse_pattern(pattern);
  std::u32string codes = decode_all(value);
  auto match = Matcher(tokens, codes, false, true).find(0);
  if (!match) return std::string(value);
  std::u32string_view view = codes;
  return encode_all(view.substr(0, match->start)) + replacement + encode_all(view.substr(match->end));
}

std::string replace_all(std::string_view value, std::u32string_view pattern, const std::string& replacement) {
  std::vector<Token> tokens = parse_pattern(pattern);
  std::u32string codes = decode_all(value);
  std::u32string_view view = codes;
  Matcher matcher(tokens, view, false, true);
  std::string result;
  std::size_t copied = 0;
  std::size_t position = 0;
  while (position <= codes.size()) {
    auto match = matcher.find(position);
    if (!match) break;
    result += encode_all(view.substr(copied, match->start - copied));
    // An empty match right after a match does not count.
    if (match->end > copied || match->start == 0) {
      result += expand_template(replacement, view.substr(match->start, match->end - match->start));
    }
    if (result.size() > kMaxResult) fail("substitution gives more than 1 MiB");
    copied = match->end;
    position = std::max(position + 1, match->end);
  }
  return result + encode_all(view.substr(copied));
}

}  // namespace cooper::dockerfile
