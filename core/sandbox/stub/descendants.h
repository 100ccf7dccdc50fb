// The processes of the step, which has no process namespace of its own.
#pragma once

namespace cooper::sandbox::stub {

// kill(-1, signal): all processes of the step but the calling one.
long kill_all_others(int signal);

}  // namespace cooper::sandbox::stub
