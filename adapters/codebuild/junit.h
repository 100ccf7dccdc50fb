// What was built as a JUnit report: a test case an image, with what its steps came to.
#pragma once

#include <string>

#include "adapters/adapter.h"

namespace cooper::adapters {

std::string junit_report(const Results& results);

}  // namespace cooper::adapters
