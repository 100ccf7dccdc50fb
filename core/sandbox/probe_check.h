// A probe's checks: things that are tried in a forked child, which leaves nothing behind.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/tier.h"

namespace cooper::sandbox {

struct Check {
  std::string what;
  std::string remedy;
  std::function<void()> action;  // throws base::Error where it is not possible
  std::string fallback = {};     // not empty: a failure is no obstacle, and this is what happens instead
};

// Does all in one child, in order, up to the first failure that matters. The caller must be single-threaded.
std::vector<ProbeStep> run_checks(const std::vector<Check>& checks);

bool all_ok(const std::vector<ProbeStep>& steps);

}  // namespace cooper::sandbox
