// The JSON form of an instruction's arguments: an array of strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::dockerfile {

// The strings, or nullopt when `text` is no JSON array, which means another form. Throws Error{kDockerfile}
// for an array that holds anything else.
std::optional<std::vector<std::string>> json_words(std::string_view text);

}  // namespace cooper::dockerfile
