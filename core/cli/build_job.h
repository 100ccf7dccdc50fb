// One build as a command runs it: shown, and its result said and written. Several may run side by side in one
// session, each with a label before its lines.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "build/build.h"
#include "cli/build_flags.h"
#include "cli/environment.h"
#include "cli/session.h"
#include "ops/step_flights.h"
#include "report/output.h"
#include "report/step_log.h"
#include "report/summary.h"

namespace cooper::cli {

struct BuildOutcome {
  std::optional<build::BuildResult> result;  // of a good build
  std::optional<base::Error> failure;        // of another one
  report::Summary summary;
  std::vector<report::LoggedStep> steps;  // those that were planned, without secrets
};

// What several builds of one process share.
struct SharedWork {
  report::Output* output = nullptr;     // null: standard error
  ops::StepFlights* flights = nullptr;  // null: the only build
  std::function<void()> before_end;     // called before a build's end is shown; may be empty
};

// Runs the build and shows it. `label` stands before each line where several run at once, "" for the only
// one. Returns a failure as part of the outcome, also one of the flags.
BuildOutcome run_build_job(const BuildFlags& flags, const std::string& label, const Environment& environment,
                           Session& session, const SharedWork& shared);

}  // namespace cooper::cli
