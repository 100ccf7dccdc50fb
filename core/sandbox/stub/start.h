// Entry points of the stub that are named in assembly.
#pragma once

#include <signal.h>

// Hidden: there is no table of addresses that a linker would fill in.
#pragma GCC visibility push(hidden)
namespace cooper::sandbox::stub {
extern "C" {
// `stack`: the argument count, arguments, environment and auxiliary vector, as the kernel left them.
[[noreturn]] void cooper_stub_start(long* stack);
void cooper_stub_restorer();
void cooper_stub_trap(int signal, siginfo_t* info, void* context);
}
}  // namespace cooper::sandbox::stub
#pragma GCC visibility pop
