// --result-file: what a build came to, as JSON for programs. Documented in docs/result-file.md; fields are
// only ever added.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "report/step_log.h"
#include "report/summary.h"

namespace cooper::report {

struct Result {
  Summary summary;
  std::optional<base::Digest> config;  // of the only image
  std::vector<std::string> written;    // one line per output and cache
  const base::Error* failure = nullptr;
};

// `mask` takes secrets out of a text.
std::string render_result(const Result& result, const StepLog& log,
                          const std::function<std::string(const std::string&)>& mask);

}  // namespace cooper::report
