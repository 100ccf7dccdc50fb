// What the stub says on descriptor 2: traces when the board asks for them, and why a program cannot go on.
#pragma once

#include "sandbox/stub/dispatch.h"

namespace cooper::sandbox::stub {

void trace_program(const char* path);
void trace_call(const Call& call, long result);
// "cooper-stub: WHAT 'SUBJECT'", then the process ends with 127.
[[noreturn]] void die(const char* what, const char* subject);
// "cannot run 'PROGRAM': REASON", then the process ends as a shell's would: 127 or 126.
[[noreturn]] void refuse_program(const char* program, long error);

}  // namespace cooper::sandbox::stub
