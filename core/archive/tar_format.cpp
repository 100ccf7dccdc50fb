#include "archive/tar_format.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>

#include "base/error.h"
#include "base/text.h"

namespace cooper::archive::tar {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t kMaxSeconds = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void corrupt(std::string_view what) {
  throw Error(ErrorKind::kCorrupt, std::string(what));
}

// The whole of `text` as a number, without sign or spaces.
template <typename Number>
bool parse_whole(std::string_view text, int radix, Number& value) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, radix);
  return error == std::errc() && end == text.data() + text.size();
}

// GNU's extension: the first byte's top bit set, the rest a two's complement number.
std::int64_t base256(std::string_view field) {
  bool negative = (static_cast<unsigned char>(field.front()) & 0x40) != 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    auto byte = static_cast<unsigned char>(field[i]);
    if (i == 0) byte = static_cast<unsigned char>(negative ? byte | 0x80 : byte & 0x7f);
    // The byte that leaves at the top, and the sign bit after it, must be copies of the sign.
    auto top = static_cast<std::int64_t>(value) >> 55;
    if (top != (negative ? -1 : 0)) corrupt("number is too large");
    value = value << 8 | byte;
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::string_view field(const Block& block, Field place) {
  return {block.data() + place.at, place.size};
}

std::string_view text(const Block& block, Field place) {
  std::string_view whole = field(block, place);
  return whole.substr(0, whole.find('\0'));
}

std::int64_t number(std::string_view field) {
  if ((static_cast<unsigned char>(field.front()) & 0x80) != 0) return base256(field);
  std::string_view digits = base::trim(field, std::string_view(" \0", 2));
  digits = digits.substr(0, digits.find('\0'));
  if (digits.empty()) return 0;
  std::int64_t value = 0;
  if (!parse_whole(digits, 8, value)) corrupt("number is not octal");
  return value;
}

bool is_zero(const Block& block) {
  return std::all_of(block.begin(), block.end(), [](char byte) { return byte == 0; });
}

namespace {

// Of signed bytes too: some historic tars summed them so. The checksum's own field counts as spaces.
struct Sums {
  std::int64_t of_unsigned = 0;
  std::int64_t of_signed = 0;
};

Sums sum(const Block& block) {
  Sums sums;
  for (std::size_t i = 0; i < block.size(); ++i) {
    bool own = i >= kChecksum.at && i < kChecksum.at + kChecksum.size;
    char byte = own ? ' ' : block[i];
    sums.of_unsigned += static_cast<unsigned char>(byte);
    sums.of_signed += static_cast<signed char>(byte);
  }
  return sums;
}

}  // namespace

bool checksum_matches(const Block& block) {
  std::string_view digits = base::trim(field(block, kChecksum), std::string_view(" \0", 2));
  digits = digits.substr(0, digits.find('\0'));
  std::int64_t stored = 0;
  if (!parse_whole(digits, 8, stored)) return false;
  Sums sums = sum(block);
  return stored == sums.of_unsigned || stored == sums.of_signed;
}

void set_checksum(Block& block) {
  auto value = static_cast<std::uint64_t>(sum(block).of_unsigned);
  // Six digits, NUL, space: the form that all tars write.
  for (std::size_t i = 6; i-- > 0; value /= 8) block[kChecksum.at + i] = static_cast<char>('0' + value % 8);
  block[kChecksum.at + 6] = '\0';
  block[kChecksum.at + 7] = ' ';
}

std::vector<PaxRecord> parse_pax(std::string_view text) {
  std::vector<PaxRecord> records;
  while (!text.empty()) {
    std::size_t space = text.find(' ');
    std::size_t length = 0;
    if (space == std::string_view::npos || !parse_whole(text.substr(0, space), 10, length) ||
        length > text.size() || length < space + 2 || text[length - 1] != '\n') {
      corrupt("pax record has a bad length");
    }
    std::string_view body = text.substr(space + 1, length - space - 2);
    std::size_t equals = body.find('=');
    if (equals == std::string_view::npos || equals == 0) corrupt("pax record has no keyword");
    std::string_view key = body.substr(0, equals);
    std::string_view value = body.substr(equals + 1);
    bool binary = key.starts_with(kXattrPrefix);
    if (key.find('\0') != std::string_view::npos || (!binary && value.find('\0') != std::string_view::npos)) {
      corrupt("pax record contains a NUL");
    }
    records.push_back({std::string(key), std::string(value)});
    text.remove_prefix(length);
  }
  return records;
}

std::string format_pax(const std::map<std::string, std::string>& records) {
  std::string text;
  for (const auto& [key, value] : records) {
    // The length counts its own digits, which may make it one digit longer.
    std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + fmt::formatted_size("{}", rest);
    length = rest + fmt::formatted_size("{}", length);
    text += fmt::format("{} {}=", length, key);
    text += value;
    text += '\n';
  }
  return text;
}

Time parse_time(std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::size_t dot = text.find('.');
  std::uint64_t whole = 0;
  if (!parse_whole(text.substr(0, dot), 10, whole)) corrupt("time is not a number");
  Time time;
  if (dot != std::string_view::npos) {
    std::string fraction(text.substr(dot + 1));
    if (fraction.find_first_not_of("0123456789") != std::string::npos) corrupt("time is not a number");
    fraction.resize(9, '0');
    parse_whole(std::string_view(fraction), 10, time.nanoseconds);
  }
  if (negative && time.nanoseconds != 0) {
    if (whole++ > kMaxSeconds) corrupt("time is out of range");
    time.nanoseconds = 1'000'000'000 - time.nanoseconds;
  }
  if (whole > kMaxSeconds + (negative ? 1 : 0)) corrupt("time is out of range");
  time.seconds = static_cast<std::int64_t>(negative ? 0 - whole : whole);
  return time;
}

std::string format_time(Time time) {
  if (time.nanoseconds == 0) return fmt::format("{}", time.seconds);
  bool negative = time.seconds < 0;
  // In decimal the fraction leads away from zero.
  std::int64_t whole = negative ? -(time.seconds + 1) : time.seconds;
  std::uint32_t fraction = negative ? 1'000'000'000 - time.nanoseconds : time.nanoseconds;
  std::string text = fmt::format("{}{}.{:09}", negative ? "-" : "", whole, fraction);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::uint64_t parse_decimal(std::string_view text) {
  std::int64_t value = 0;
  if (!parse_whole(text, 10, value)) corrupt("number is not decimal");
  return static_cast<std::uint64_t>(value);
}

}  // namespace cooper::archive::tar
