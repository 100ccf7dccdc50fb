// Small text functions that several modules share.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::base {

std::string_view trim(std::string_view text, std::string_view characters = " \t\r\n");
// Splits at every `separator`; "" gives one empty piece.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& pieces, std::string_view separator);
std::string to_lower(std::string_view text);  // ASCII only
std::string to_upper(std::string_view text);  // ASCII only
// The value of a hexadecimal digit of either case; -1 for anything else.
int hex_value(char digit);
// Any bytes as printable ASCII: '%' and everything else as %xx. percent_decode() gives them back.
std::string escape_bytes(std::string_view bytes);
// RFC 3986, section 2.1: "%2F" → "/". What is no escape stays as it is.
std::string percent_decode(std::string_view text);
// "90s", "1h30m", "1.5h", "14d"; nullopt for anything else, also for a number without a unit.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
// "812 B", "1.4 kB", "37 MB": decimal units, for people.
std::string human_size(std::uint64_t bytes);
// The candidate nearest to `word` by edit distance (at most 2, and at most half its length), or "".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace cooper::base
