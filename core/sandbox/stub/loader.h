// Maps a program and its interpreter as the kernel's loader does, and starts them.
#pragma once

#include "sandbox/stub/handover.h"

namespace cooper::sandbox::stub {

// `stack`: what the kernel gave the stub. The program sees the same without the stub's own arguments.
[[noreturn]] void run_program(long* stack, const Handover& handover);

}  // namespace cooper::sandbox::stub
