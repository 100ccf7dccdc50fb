// What people do to a project between two builds.
#pragma once

#include "tests/e2e/equivalence/instructions.h"

namespace cooper::equivalence {

// The state after the last one of `life`: an edit, or now and then an earlier state once more.
State next_state(const Case& life, Draw& draw, Instructions& instructions);

// Times, of files and of builds, that lie on all sides of one another and of those that RUN steps give.
std::int64_t some_time(Draw& draw);

}  // namespace cooper::equivalence
