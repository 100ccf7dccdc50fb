#include "report/text_cells.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cooper::report {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
constexpr std::size_t kTabStop = 8;

// The length of the escape sequence at the start of `text` (ECMA-48, 5.3 to 5.6); at least 1.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return 1;
  const char kind = text[1];
  if (kind == '[') {
    std::size_t end = 2;
    while (end < text.size() && text[end] >= 0x20 && text[end] <= 0x3F) ++end;
    return std::min(end + 1, text.size());
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    // A string up to BEL or ESC "\"; without an end it takes the rest of the line.
    for (std::size_t end = 2; end < text.size(); ++end) {
      if (text[end] == '\a') return end + 1;
      if (text[end] == kEscape) return std::min(end + 2, text.size());
    }
    return text.size();
  }
  std::size_t end = 1;
  while (end < text.size() && text[end] >= 0x20 && text[end] <= 0x2F) ++end;
  return std::min(end + 1, text.size());
}

bool is_color(std::string_view sequence) {
  return sequence.size() >= 3 && sequence[1] == '[' && sequence.back() == 'm' &&
         sequence.find_first_not_of("0123456789;:", 2) == sequence.size() - 1;
}

struct Character {
  char32_t rune = 0;
  std::size_t bytes = 1;
  bool valid = true;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {0, 1, false};
  auto rune = static_cast<char32_t>(lead & (0x7F >> bytes));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return {0, 1, false};
    rune = rune << 6 | (byte & 0x3F);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool valid = rune >= kSmallest[bytes] && rune <= 0x10FFFF && (rune < 0xD800 || rune > 0xDFFF);
  return valid ? Character{rune, bytes, true} : Character{0, 1, false};
}

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode's combining marks and invisible characters that logs hold in practice.
constexpr std::array<Range, 8> kNoCells = {{{0x300, 0x36F},
                                            {0x200B, 0x200F},
                                            {0x202A, 0x202E},
                                            {0x2060, 0x2069},
                                            {0x20D0, 0x20FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFE20, 0xFE2F},
                                            {0xFEFF, 0xFEFF}}};
// UAX #11, wide and fullwidth.
constexpr std::array<Range, 12> kTwoCells = {{{0x1100, 0x115F},
                                              {0x2E80, 0x303E},
                                              {0x3041, 0x4DBF},
                                              {0x4E00, 0xA4CF},
                                              {0xA960, 0xA97F},
                                              {0xAC00, 0xD7A3},
                                              {0xF900, 0xFAFF},
                                              {0xFE30, 0xFE6F},
                                              {0xFF00, 0xFF60},
                                              {0xFFE0, 0xFFE6},
                                              {0x1F300, 0x1F9FF},
                                              {0x20000, 0x3FFFD}}};

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t rune) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [rune](const Range& range) { return range.first <= rune && rune <= range.last; });
}

std::size_t cells(char32_t rune) {
  if (rune < 0x300) return 1;
  if (in(kNoCells, rune)) return 0;
  return in(kTwoCells, rune) ? 2 : 1;
}

// C0, DEL and C1: none of them is text.
bool is_control(char32_t rune) {
  return rune < 0x20 || (rune >= 0x7F && rune < 0xA0);
}

}  // namespace

std::string clean_line(std::string_view raw, Colors colors) {
  std::string clean;
  clean.reserve(raw.size());
  bool colored = false;
  while (!raw.empty()) {
    std::size_t length = 1;
    if (raw[0] == kEscape) {
      length = escape_length(raw);
      if (colors == Colors::kKeep && is_color(raw.substr(0, length))) {
        clean += raw.substr(0, length);
        colored = true;
      }
    } else {
      const Character character = first_character(raw);
      length = character.bytes;
      const bool text = !character.valid || character.rune == '\t' || !is_control(character.rune);
      if (text) clean += raw.substr(0, length);
    }
    raw.remove_prefix(length);
  }
  if (colored) clean += "\x1b[0m";
  return clean;
}

std::string fit_line(std::string_view raw, std::size_t columns) {
  const std::string clean = clean_line(raw, Colors::kRemove);
  std::string line;
  std::size_t used = 0;
  std::size_t room_for_ellipsis = 0;  // bytes of `line` that leave a cell free
  for (std::string_view rest = clean; !rest.empty();) {
    const Character character = first_character(rest);
    const bool tab = character.rune == '\t';
    const std::size_t width = tab ? kTabStop - used % kTabStop : character.valid ? cells(character.rune) : 1;
    if (used + width > columns) {
      if (columns == 0) return {};
      line.resize(room_for_ellipsis);
      line += kEllipsis;
      return line;
    }
    used += width;
    if (tab) {
      line.append(width, ' ');
    } else {
      line += character.valid ? rest.substr(0, character.bytes) : kReplacement;
    }
    if (used < columns) room_for_ellipsis = line.size();
    rest.remove_prefix(character.bytes);
  }
  return line;
}

std::size_t cell_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += character.valid ? cells(character.rune) : 1;
    text.remove_prefix(character.bytes);
  }
  return width;
}

}  // namespace cooper::report
