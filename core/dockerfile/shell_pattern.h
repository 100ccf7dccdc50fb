// The patterns of ${v#p}, ${v%p} and ${v/p/r}: '*', '?' and literal characters, no brackets.
//
// '*' and '?' do not match a line break. Matching simulates the pattern's automaton, so its cost is at most
// the product of the two lengths whatever the pattern.
#pragma once

#include <string>
#include <string_view>

namespace cooper::dockerfile {

// Each throws Error{kDockerfile} for a pattern that is not valid or a match that would cost too much.
std::string trim_prefix(std::string_view value, std::u32string_view pattern, bool longest);
std::string trim_suffix(std::string_view value, std::u32string_view pattern, bool longest);
std::string replace_first(std::string_view value, std::u32string_view pattern,
                          const std::string& replacement);
std::string replace_all(std::string_view value, std::u32string_view pattern, const std::string& replacement);

}  // namespace cooper::dockerfile
