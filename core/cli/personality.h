// Whose command line this is, told by what the program is called: as `executor` and as `warmer` cooper takes
// those of Kaniko's two programs, so that a job which names /kaniko/executor needs no other command.
#pragma once

#include <string>
#include <vector>

namespace cooper::cli {

enum class Personality { kCooper, kKaniko, kWarmer };

struct Called {
  Personality personality = Personality::kCooper;
  std::vector<std::string> arguments;  // without the program, and without the word that chose
};

// `command_line`: the program and its arguments. The base name decides; of cooper itself the first argument,
// `kaniko` or `warmer`.
Called called_as(const std::vector<std::string>& command_line);

}  // namespace cooper::cli
