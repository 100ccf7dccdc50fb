// What --call=targets and --call=outline show: the stages of a file, and what a target can be given.
#pragma once

#include <string>
#include <vector>

#include "dockerfile/frontend.h"

namespace cooper::dockerfile {

struct Target {
  std::string name;
  std::string description;
  std::string base;  // as written
  std::string platform;
  Lines lines;
  bool is_default = false;  // the last stage
};

struct OutlineArg {
  std::string name;
  std::string value;
  std::string description;
  Lines lines;
};

struct OutlineSource {
  std::string name;
  bool required = false;
  Lines lines;
};

struct Outline {
  std::string name;
  std::string description;
  std::vector<OutlineArg> args;  // each list in the file's order
  std::vector<OutlineSource> secrets;
  std::vector<OutlineSource> ssh;
};

// Throws Error{kDockerfile}.
std::vector<Target> list_targets(const Ast& ast);

// Lowers the target, because what it needs depends on its ARGs. Throws what lower() throws.
Outline outline(const Plan& plan, const FrontendInput& input, ImageResolver& resolver);

}  // namespace cooper::dockerfile
