// From a build step to the command line of `cooper build`.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace cooper::conformance {

// Where the things are that a step names.
struct Places {
  std::string work;  // outputs and secrets go beneath it
  std::string store;
  std::map<std::string, std::string> contexts;  // context id → directory
  std::map<std::string, std::string> placeholders;
  std::vector<std::pair<std::string, std::string>> bases;  // --build-context for base images
};

struct Command {
  std::vector<std::string> arguments;  // after the program's name
  std::string image_archive;           // where the extra OCI output goes, which is compared
  // What of the step could not be said on the command line, in words; such a row is not run.
  std::string cannot;
};

Command command_of(const nlohmann::json& build, const Places& places);

// ${REGISTRY}, ${HTTP_SERVER}, ${FILE_SERVER_1}, ${WORK} replaced.
std::string expand(std::string text, const std::map<std::string, std::string>& placeholders);

}  // namespace cooper::conformance
