// What was built as a JUnit report: a test case a step, in the order of the plan, then one an image. Of a
// step one sees how long it took, whether and where it was found in a cache, and the end of what it printed.
#pragma once

#include <string>

#include "adapters/adapter.h"

namespace cooper::adapters {

std::string junit_report(const Results& results);

}  // namespace cooper::adapters
