// What being executed makes of ids and capabilities (capabilities(7), "Transformation of capabilities during
// execve()").
#pragma once

#include <sys/stat.h>

#include "sandbox/stub/handover.h"

namespace cooper::sandbox::stub {

// `program` as the step sees it. 0, or -EPERM: the program would not get what its file says it needs.
long transform(const struct stat& program, Handover& handover);

}  // namespace cooper::sandbox::stub
