// Bytes that have to go into JSON strings, which hold Unicode only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cooper::report {

bool is_utf8(std::string_view text);
// How many bytes at the end of `text` begin a character that is not complete yet (0 to 3).
std::size_t cut_character(std::string_view text);
std::string to_base64(std::string_view bytes);  // RFC 4648, with padding

}  // namespace cooper::report
