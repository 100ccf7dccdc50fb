// Lives through a case and compares: whatever a build found in caches, its image is the one that a build on
// an empty machine makes.
#pragma once

#include <optional>
#include <string>

#include "tests/e2e/equivalence/machine.h"

namespace cooper::equivalence {

struct Difference {
  std::size_t state = 0;
  std::string what;
};

struct Verdict {
  std::optional<Difference> difference;
  // Of the builds after the first.
  int steps_run = 0;
  int steps_cached = 0;
  int states = 0;
  int impossible = 0;  // states that neither machine can build
};

// In a directory that is made below `parent` and removed afterwards.
Verdict try_case(const Surroundings& surroundings, const Case& life, const std::string& parent);

// The smallest case that still differs, as far as taking parts away finds it within `budget` trials.
Case minimise(const Surroundings& surroundings, const Case& life, const std::string& parent, int budget);

}  // namespace cooper::equivalence
