// Where a case begins, and what happens to it then: all of it drawn from one seed.
#pragma once

#include "tests/e2e/equivalence/project.h"

namespace cooper::equivalence {

struct Possible {
  bool run = true;        // RUN works on this machine
  bool registry = false;  // there is a registry
  bool git = false;       // there is a git program
};

Case generate(std::uint64_t seed, const Possible& possible);

}  // namespace cooper::equivalence
