// Lint findings, each told once: the platforms of one build share most of them.
#pragma once

#include <set>
#include <string>

#include "build/toolbox.h"
#include "dockerfile/lint.h"

namespace cooper::build {

class Findings {
 public:
  explicit Findings(FindingSink sink) : sink_(std::move(sink)) {}

  // `file` is where the finding's lines are.

  void add(const std::string& file, const dockerfile::LintWarning& warning);

 private:
  FindingSink sink_;
  std::set<std::string> known_;
};

}  // namespace cooper::build
