#include <cctype>
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "ops/copy.h"

namespace cooper::ops {
namespace {

constexpr std::uint32_t kUser = 04700;
constexpr std::uint32_t kGroup = 02070;
constexpr std::uint32_t kOther = 01007;

[[noreturn]] void refuse(const std::string& chmod) {
  throw base::Error(base::ErrorKind::kDockerfile, fmt::format("invalid --chmod value '{}'", chmod))
      .hint("use octal digits up to 07777, or symbolic clauses like u=rwX,go=rX");
}

std::optional<std::uint32_t> parse_octal(const std::string& text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  std::uint32_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint32_t>(c - '0');
  }
  if (value > 07777) return std::nullopt;
  return value;
}

// One clause, "[ugoa]*([-+=][rwxXst]*)+", as chmod(1) has it.
class Clause {
 public:
  Clause(const std::string& whole, std::string_view text) : whole_(whole), text_(text) {}

  std::uint32_t apply(std::uint32_t mode, bool is_directory) {
    std::uint32_t who = read_who();
    if (at_end()) refuse(whole_);
    while (!at_end()) mode = apply_operation(mode, who, is_directory);
    return mode;
  }

 private:
  bool at_end() const { return position_ == text_.size(); }

  std::uint32_t read_who() {
    std::uint32_t who = 0;
    for (; !at_end(); ++position_) {
      switch (text_[position_]) {
        case 'u':
          who |= kUser;
          break;
        case 'g':
          who |= kGroup;
          break;
        case 'o':
          who |= kOther;
          break;
        case 'a':
          who |= 07777;
          break;
        default:
          return who == 0 ? 07777 : who;
      }
    }
    return who;
  }

  std::uint32_t apply_operation(std::uint32_t mode, std::uint32_t who, bool is_directory) {
    char operation = text_[position_++];
    if (operation != '+' && operation != '-' && operation != '=') refuse(whole_);
    std::uint32_t bits = 0;
    while (!at_end() && std::isalpha(static_cast<unsigned char>(text_[position_])) != 0) {
      bits |= permission(text_[position_++], mode, is_directory);
    }
    bits &= who;
    if (operation == '+') return mode | bits;
    if (operation == '-') return mode & ~bits;
    // On directories "=" keeps the set-id bits unless they are named, as chmod(1) does.
    std::uint32_t cleared = is_directory ? who & ~06000U : who;
    return (mode & ~cleared) | bits;
  }

  std::uint32_t permission(char letter, std::uint32_t mode, bool is_directory) {
    switch (letter) {
      case 'r':
        return 0444;
      case 'w':
        return 0222;
      case 'x':
        return 0111;
      case 'X':
        return is_directory || (mode & 0111) != 0 ? 0111 : 0;
      case 's':
        return 06000;
      case 't':
        return 01000;
      case 'u':
        return spread(mode >> 6 & 7);
      case 'g':
        return spread(mode >> 3 & 7);
      case 'o':
        return spread(mode & 7);
      default:
        refuse(whole_);
    }
  }

  static std::uint32_t spread(std::uint32_t bits) { return bits << 6 | bits << 3 | bits; }

  const std::string& whole_;
  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

std::uint32_t apply_mode(const std::string& chmod, std::uint32_t mode, bool is_directory) {
  if (auto octal = parse_octal(chmod)) return *octal;
  for (const std::string& clause : base::split(chmod, ','))
    mode = Clause(chmod, clause).apply(mode, is_directory);
  return mode;
}

}  // namespace cooper::ops
