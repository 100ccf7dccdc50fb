#include "dockerfile/quote.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/text.h"
#include "dockerfile/unicode.h"

namespace cooper::dockerfile {

namespace {

void append_escaped(std::string& out, char32_t code) {
  constexpr std::string_view kControls = "\a\b\f\n\r\t\v";
  constexpr std::string_view kNames = "abfnrtv";
  std::size_t control = code < 0x80 ? kControls.find(static_cast<char>(code)) : std::string_view::npos;
  if (code == U'"' || code == U'\\') {
    out += '\\';
    out += static_cast<char>(code);
  } else if (is_printable(code)) {
    append_utf8(out, code);
  } else if (control != std::string_view::npos) {
    out += '\\';
    out += kNames[control];
  } else if (code < 0x80) {
    out += fmt::format("\\x{:02x}", static_cast<unsigned>(code));
  } else if (code < 0x10000) {
    out += fmt::format("\\u{:04x}", static_cast<unsigned>(code));
  } else {
    out += fmt::format("\\U{:08x}", static_cast<unsigned>(code));
  }
}

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1000},
                                         {"\xC2\xB5s", 1000},
                                         {"\xCE\xBCs", 1000},
                                         {"ms", 1000000},
                                         {"s", 1000000000},
                                         {"m", 60000000000},
                                         {"h", 3600000000000}}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

[[noreturn]] void bad_duration(std::string_view text) {
  throw base::Error(base::ErrorKind::kDockerfile, fmt::format("duration '{}' is not valid", text))
      .hint("write it as 30s, 1m30s or 500ms");
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

std::string fraction(std::int64_t value, std::int64_t unit, std::string_view name) {
  std::string text = fmt::format("{}", value / unit);
  std::int64_t rest = value % unit;
  if (rest != 0) {
    std::string digits = fmt::format("{}", unit + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + std::string(name);
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    Decoded next = decode_utf8(text);
    bool invalid = next.code == kReplacement && next.width == 1;
    if (invalid) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
    } else {
      append_escaped(out, next.code);
    }
    text.remove_prefix(next.width);
  }
  return out + "\"";
}

std::string quote_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ' ';
    out += quote(item);
  }
  return out + "]";
}

std::string plain_list(const std::vector<std::string>& items) {
  return "[" + base::join(items, " ") + "]";
}

std::string duration_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  if (nanoseconds < 0) return "-" + duration_text(-nanoseconds);
  if (nanoseconds < 1000) return fmt::format("{}ns", nanoseconds);
  if (nanoseconds < 1000000) return fraction(nanoseconds, 1000, "\xC2\xB5s");
  if (nanoseconds < 1000000000) return fraction(nanoseconds, 1000000, "ms");
  std::int64_t minutes = nanoseconds / 60000000000;
  std::string text = fraction(nanoseconds % 60000000000, 1000000000, "s");
  if (minutes > 0) text = fmt::format("{}m", minutes % 60) + text;
  if (minutes >= 60) text = fmt::format("{}h", minutes / 60) + text;
  return text;
}

std::int64_t parse_duration(std::string_view text) {
  std::string_view rest = text;
  bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  if (rest.empty()) bad_duration(text);
  double total = 0;
  while (!rest.empty()) {
    std::size_t end = 0;
    std::size_t dots = 0;
    while (end < rest.size() && (is_digit(rest[end]) || rest[end] == '.')) dots += rest[end++] == '.' ? 1 : 0;
    if (end == dots || dots > 1 || end > 40) bad_duration(text);
    double number = 0;
    std::string digits = "0" + std::string(rest.substr(0, end)) + (dots > 0 ? "0" : "");
    auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc()) bad_duration(text);
    rest.remove_prefix(end);
    std::size_t unit_end = 0;
    while (unit_end < rest.size() && rest[unit_end] != '.' && !is_digit(rest[unit_end])) ++unit_end;
    auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& candidate) {
      return candidate.name == rest.substr(0, unit_end);
    });
    if (unit == kUnits.end()) bad_duration(text);
    rest.remove_prefix(unit_end);
    total += number * static_cast<double>(unit->nanoseconds);
    if (total > 9.2e18) bad_duration(text);
  }
  auto value = static_cast<std::int64_t>(std::llround(total));
  return negative ? -value : value;
}

std::int64_t parse_size(std::string_view text) {
  auto bad = [&] {
    throw base::Error(base::ErrorKind::kDockerfile, fmt::format("size '{}' is not valid", text))
        .hint("write it as 64m or 1g");
  };
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  double number = 0;
  auto parsed = std::from_chars(text.data(), text.data() + end, number);
  if (end == 0 || parsed.ec != std::errc() || parsed.ptr != text.data() + end) bad();
  std::string suffix = base::to_lower(base::trim(text.substr(end)));
  if (!suffix.empty() && suffix != "b") {
    constexpr std::string_view kSuffixes = "kmgtp";
    std::size_t power = kSuffixes.find(suffix[0]);
    bool tail = suffix.size() == 1 || suffix.substr(1) == "b" || suffix.substr(1) == "ib";
    if (power == std::string_view::npos || !tail) bad();
    number *= std::pow(1024.0, static_cast<double>(power + 1));
  }
  if (number > 9.2e18) bad();
  return static_cast<std::int64_t>(number);
}

bool parse_bool(std::string_view text, bool& value) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "FALSE", "false", "False"};
  value = std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end();
  return value || std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end();
}

std::string suggest(std::string_view word, const std::vector<std::string>& candidates, bool case_sensitive) {
  constexpr std::size_t kLongest = 256;
  if (word.size() > kLongest) return "";
  std::string wanted = case_sensitive ? std::string(word) : base::to_lower(word);
  std::size_t best = 3;
  std::string found;
  for (const std::string& candidate : candidates) {
    std::size_t difference =
        std::max(candidate.size(), wanted.size()) - std::min(candidate.size(), wanted.size());
    if (difference >= best) continue;
    std::string option = case_sensitive ? candidate : base::to_lower(candidate);
    if (option == wanted) return "";
    std::size_t distance = edit_distance(wanted, option);
    if (distance >= best) continue;
    best = distance;
    found = option;
  }
  if (!case_sensitive && word == base::to_upper(word)) return base::to_upper(found);
  return found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates,
                         const std::string& otherwise) {
  std::string near = suggest(word, candidates, true);
  return near.empty() ? otherwise : fmt::format("did you mean '{}'?", near);
}

}  // namespace cooper::dockerfile
