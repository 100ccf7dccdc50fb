#include "context/go_regexp.h"

#include <array>
#include <fmt/core.h>

#include "base/error.h"
#include "context/go_text.h"

namespace cooper::context {
namespace {

struct NamedSet {
  std::string_view name;
  std::string_view ranges;  // pairs of first and last character
};

// regexp/syntax, "ASCII character classes".
constexpr std::array<NamedSet, 14> kPosixClasses = {{
    {"alnum", "09AZaz"},
    {"alpha", "AZaz"},
    {"ascii", std::string_view("\x00\x7f", 2)},
    {"blank", "\t\t  "},
    {"cntrl", std::string_view("\x00\x1f\x7f\x7f", 4)},
    {"digit", "09"},
    {"graph", "!~"},
    {"lower", "az"},
    {"print", " ~"},
    {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},
    {"upper", "AZ"},
    {"word", "09AZaz__"},
    {"xdigit", "09AFaf"},
}};

RuneSet set_of(std::string_view ranges) {
  RuneSet set;
  for (std::size_t i = 0; i + 1 < ranges.size(); i += 2) {
    set.add(static_cast<unsigned char>(ranges[i]), static_cast<unsigned char>(ranges[i + 1]));
  }
  return set;
}

int hex_digit(char32_t rune) {
  if (rune >= '0' && rune <= '9') return static_cast<int>(rune - '0');
  if (rune >= 'a' && rune <= 'f') return static_cast<int>(rune - 'a') + 10;
  if (rune >= 'A' && rune <= 'F') return static_cast<int>(rune - 'A') + 10;
  return -1;
}

bool is_ascii_alphanumeric(char32_t rune) {
  return (rune >= '0' && rune <= '9') || (rune >= 'A' && rune <= 'Z') || (rune >= 'a' && rune <= 'z');
}

class GoRegexpParser {
 public:
  explicit GoRegexpParser(std::string_view expression) : expression_(expression), rest_(expression) {}

  Program parse();

 private:
  [[noreturn]] void refuse(std::string_view reason) const;
  char32_t take();
  bool take_if(std::string_view text);

  void parse_item();
  void parse_backslash();
  void add_assertion(Op op) { program_.items.push_back({op, {}}); }
  void add_literal(char32_t rune);
  void add_set(RuneSet set);
  char32_t parse_escape();
  bool parse_perl_class(RuneSet& set);
  bool parse_posix_class(RuneSet& set);
  RuneSet parse_class();
  char32_t parse_class_character();

  std::string_view expression_;
  std::string_view rest_;
  Program program_;
};

void GoRegexpParser::refuse(std::string_view reason) const {
  throw base::Error(base::ErrorKind::kContext, fmt::format("cannot compile '{}': {}", expression_, reason));
}

char32_t GoRegexpParser::take() {
  const Rune rune = decode_rune(rest_);
  rest_.remove_prefix(rune.width);
  return rune.value;
}

bool GoRegexpParser::take_if(std::string_view text) {
  if (!rest_.starts_with(text)) return false;
  rest_.remove_prefix(text.size());
  return true;
}

Program GoRegexpParser::parse() {
  while (!rest_.empty()) parse_item();
  return std::move(program_);
}

void GoRegexpParser::add_literal(char32_t rune) {
  RuneSet set;
  set.add(rune, rune);
  add_set(std::move(set));
}

void GoRegexpParser::add_set(RuneSet set) {
  set.normalise();
  // Where the text is no UTF-8, Go sees U+FFFD.
  if (set.contains(kRuneError)) set.add(invalid_byte(0), kLastInvalidByte);
  program_.items.push_back({Op::kSet, std::move(set)});
}

void GoRegexpParser::parse_item() {
  if (take_if("(.*/)?")) {
    add_assertion(Op::kDirectories);
    add_assertion(Op::kInDirectory);
    return;
  }
  switch (rest_[0]) {
    case '^':
      rest_.remove_prefix(1);
      add_assertion(Op::kBegin);
      return;
    case '$':
      rest_.remove_prefix(1);
      add_assertion(Op::kEnd);
      return;
    case '[':
      add_set(parse_class());
      return;
    case '\\':
      parse_backslash();
      return;
    case '.': {
      rest_.remove_prefix(1);
      RuneSet any;
      any.add('\n', '\n');
      any.negate();
      add_set(std::move(any));
      return;
    }
    case '*':
      // The translation writes a star only behind a class or a dot.
      if (program_.items.empty() || program_.items.back().op != Op::kSet)
        refuse("missing argument to repetition operator");
      rest_.remove_prefix(1);
      program_.items.back().op = Op::kStar;
      return;
    default:
      add_literal(take());
  }
}

void GoRegexpParser::parse_backslash() {
  if (take_if("\\A")) {
    add_assertion(Op::kBegin);
  } else if (take_if("\\z")) {
    add_assertion(Op::kEnd);
  } else if (take_if("\\b")) {
    add_assertion(Op::kWordBoundary);
  } else if (take_if("\\B")) {
    add_assertion(Op::kNoWordBoundary);
  } else if (take_if("\\Q")) {
    const std::size_t end = rest_.find("\\E");
    std::string_view literal = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
    for (; !literal.empty(); literal.remove_prefix(decode_rune(literal).width))
      add_literal(decode_rune(literal).value);
  } else {
    RuneSet set;
    if (parse_perl_class(set)) {
      add_set(std::move(set));
    } else {
      add_literal(parse_escape());
    }
  }
}

bool GoRegexpParser::parse_perl_class(RuneSet& set) {
  if (rest_.size() < 2 || rest_[0] != '\\') return false;
  constexpr std::array<NamedSet, 3> kClasses = {{{"d", "09"}, {"s", "\t\n\f\r  "}, {"w", "09AZaz__"}}};
  for (const NamedSet& entry : kClasses) {
    const char lower = entry.name[0];
    if (rest_[1] != lower && rest_[1] != lower - 'a' + 'A') continue;
    if (rest_[1] == lower) {
      set.add(set_of(entry.ranges));
    } else {
      set.add_all_but(set_of(entry.ranges));
    }
    rest_.remove_prefix(2);
    return true;
  }
  return false;
}

char32_t GoRegexpParser::parse_escape() {
  rest_.remove_prefix(1);
  if (rest_.empty()) refuse("trailing backslash at end of expression");
  const char32_t rune = take();
  if (rune < 0x80 && !is_ascii_alphanumeric(rune)) return rune;
  auto octal_follows = [this] { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '7'; };
  // A single digit other than 0 would be a back reference, which Go does not have.
  if (rune == '0' || (rune >= '1' && rune <= '7' && octal_follows())) {
    char32_t value = rune - '0';
    for (int digits = 1; digits < 3 && octal_follows(); ++digits) value = value * 8 + (take() - '0');
    return value;
  }
  switch (rune) {
    case 'x': {
      const int high = rest_.empty() ? -1 : hex_digit(take());
      const int low = rest_.empty() ? -1 : hex_digit(take());
      if (high < 0 || low < 0) break;
      return static_cast<char32_t>(high * 16 + low);
    }
    case 'a':
      return '\a';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'p':
    case 'P':
      refuse("Unicode classes are not supported");
    default:
      break;
  }
  refuse("invalid escape sequence");
}

bool GoRegexpParser::parse_posix_class(RuneSet& set) {
  if (!rest_.starts_with("[:")) return false;
  const std::size_t end = rest_.find(":]", 2);
  if (end == std::string_view::npos) return false;
  std::string_view name = rest_.substr(2, end - 2);
  const bool negated = name.starts_with('^');
  if (negated) name.remove_prefix(1);
  for (const NamedSet& entry : kPosixClasses) {
    if (entry.name != name) continue;
    rest_.remove_prefix(end + 2);
    if (negated) {
      set.add_all_but(set_of(entry.ranges));
    } else {
      set.add(set_of(entry.ranges));
    }
    return true;
  }
  refuse("invalid character class range");
}

RuneSet GoRegexpParser::parse_class() {
  rest_.remove_prefix(1);
  const bool negated = take_if("^");
  RuneSet set;
  // A "]" that comes first is one of the class.
  for (bool first = true; first || !rest_.starts_with(']'); first = false) {
    if (parse_posix_class(set) || parse_perl_class(set)) continue;
    const char32_t low = parse_class_character();
    char32_t high = low;
    if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
      rest_.remove_prefix(1);
      high = parse_class_character();
      if (high < low) refuse("invalid character class range");
    }
    set.add(low, high);
  }
  rest_.remove_prefix(1);
  if (negated) set.negate();
  return set;
}

char32_t GoRegexpParser::parse_class_character() {
  if (rest_.empty()) refuse("missing closing ]");
  return rest_[0] == '\\' ? parse_escape() : take();
}

}  // namespace

Program compile_go_regexp(std::string_view expression) {
  return GoRegexpParser(expression).parse();
}

}  // namespace cooper::context
