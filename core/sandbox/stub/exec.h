// Executing a program: in truth the stub is executed again, and told what to be.
#pragma once

#include "sandbox/stub/dispatch.h"

namespace cooper::sandbox::stub {

// Comes back only to say why not. `call`: the trapped one; nullptr for the step's first program.
long execute(int directory, const char* path, char** arguments, char** environment, int flags,
             const Call* call);

}  // namespace cooper::sandbox::stub
