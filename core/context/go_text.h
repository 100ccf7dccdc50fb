// Text as Go's standard library sees it: runes, white space, clean paths.
//
// Ignore files are defined by what a Go program makes of them, so bytes that are no UTF-8 count as U+FFFD,
// one byte wide (unicode/utf8), lines are trimmed of Unicode's white space (strings.TrimSpace), and paths are
// cleaned lexically (path/filepath.Clean).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cooper::context {

inline constexpr char32_t kRuneError = 0xFFFD;

struct Rune {
  char32_t value = 0;
  std::size_t width = 0;  // bytes; 0 at the end of the text
};

// The first rune of `text`.
Rune decode_rune(std::string_view text);
void append_rune(std::string& text, char32_t rune);

std::string_view trim_space(std::string_view text);

// The shortest equivalent path; "" becomes "."; ".." at the start of a relative path stays.
std::string go_clean(std::string_view path);

}  // namespace cooper::context
