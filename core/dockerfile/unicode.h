// The Unicode questions that the Dockerfile language asks: what is white space, what may stand in a
// variable's name, and what is printed as it is inside quotes.
//
// UTF-8 that is not valid decodes to U+FFFD, one byte at a time, as the reference implementation does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cooper::dockerfile {

inline constexpr char32_t kReplacement = 0xFFFD;

struct Decoded {
  char32_t code = kReplacement;
  std::size_t width = 1;  // bytes
};

// The code point at the start of `text`, which must not be empty.
Decoded decode_utf8(std::string_view text);
std::u32string decode_all(std::string_view text);
void append_utf8(std::string& text, char32_t code);
std::string encode_all(std::u32string_view codes);

bool is_space(char32_t code);
bool is_letter(char32_t code);
bool is_digit(char32_t code);
bool is_printable(char32_t code);

std::string_view trim_space_left(std::string_view text);
std::string_view trim_space(std::string_view text);

}  // namespace cooper::dockerfile
