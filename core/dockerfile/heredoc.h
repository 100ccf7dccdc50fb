// The word that opens a heredoc: "[fd]<<[-]WORD".
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dockerfile/ast.h"

namespace cooper::dockerfile {

// The heredoc that `word` opens, without content; nullopt when it opens none. Throws Error{kDockerfile} for a
// bad word.
std::optional<Heredoc> heredoc_in_word(std::string_view word);
// As above, but a bad word opens none.
std::optional<Heredoc> heredoc_or_none(std::string_view word);
std::vector<Heredoc> heredocs_in_line(std::string_view line);

}  // namespace cooper::dockerfile
