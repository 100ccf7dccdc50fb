// URLs as they may be shown and hashed: without the secrets that people write into them.
#pragma once

#include <string>
#include <string_view>

namespace cooper::graph {

// `url` without its user part ("https://token@host/x" → "https://host/x"); schemes other than http(s) keep
// the user name, which there names an account ("ssh://git@host/x"), and lose the password.
std::string without_credentials(std::string_view url);
// The same for every URL in `text`, such as an instruction.
std::string text_without_credentials(std::string_view text);

}  // namespace cooper::graph
