// The seccomp filter that makes the step's calls trap.
#pragma once

namespace cooper::sandbox::stub {

// Installs it, for this process and all that come after it. Ends the process when that is impossible.
void install_filter();

}  // namespace cooper::sandbox::stub
