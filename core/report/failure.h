// What is shown when a build fails: the step's last output, the lines of the Dockerfile, then one line that
// says why.
#pragma once

#include <string>

#include "base/error.h"
#include "report/output.h"
#include "report/renderer.h"
#include "report/steps.h"

namespace cooper::report {

// Several lines with a line break at the end. `step` is the one that failed, null when none did. A cancelled
// build gets its one line only.
std::string render_failure(const base::Error& error, const Step* step, const SourceReader& sources,
                           bool color);

// Two lines of `text` around `range`, numbered, the range's own marked with ">>>" and its column with a
// caret.
std::string render_excerpt(const std::string& text, const base::SourceRange& range);

}  // namespace cooper::report
