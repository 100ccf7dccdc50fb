#include "build/findings.h"

#include <fmt/format.h>

namespace cooper::build {

void Findings::add(const std::string& file, const dockerfile::LintWarning& warning) {
  const dockerfile::Lines& lines = warning.lines;
  std::string key = fmt::format("{}:{}:{}:{}", warning.rule, lines.first, lines.last, warning.message);
  if (known_.insert(std::move(key)).second && sink_) sink_(file, warning);
}

}  // namespace cooper::build
