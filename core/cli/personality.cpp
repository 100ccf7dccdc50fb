#include "cli/personality.h"

namespace cooper::cli {

namespace {

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Called called_as(const std::vector<std::string>& command_line) {
  if (command_line.empty()) return {};
  const std::string name = base_name(command_line.front());
  const std::vector<std::string> arguments(command_line.begin() + 1, command_line.end());
  if (name == "executor") return {Personality::kKaniko, arguments};
  if (name == "warmer") return {Personality::kWarmer, arguments};
  if (arguments.empty()) return {Personality::kCooper, arguments};
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (arguments.front() == "kaniko") return {Personality::kKaniko, rest};
  if (arguments.front() == "warmer") return {Personality::kWarmer, rest};
  return {Personality::kCooper, arguments};
}

}  // namespace cooper::cli
