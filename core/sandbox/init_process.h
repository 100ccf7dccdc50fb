// What the inits of all tiers have in common: how they get their orders, and how they end.
#pragma once

#include <functional>

#include "sandbox/init.h"
#include "sandbox/spec.h"
#include "sandbox/supervisor.h"

namespace cooper::sandbox {

// Throws Error.
Spec read_spec(const os::Fd& file);

// First of all, so that everything counts; the files are of the builder's view. Throws Error{kIo}.
void join_cgroups(const Spec& spec);

// The mount, IPC, UTS and, for kNone, network namespaces of a step, whose init is in a new pid namespace
// already. Throws Error{kIo}.
void enter_namespaces(const Spec& spec);

// Lets go of the step's streams, waits for the program's end, and reports it.
void supervise(pid_t program, StepFds& fds, StepProcesses& processes);

// Names this process, does the work, reports what it throws to the builder, and ends the process.
[[noreturn]] void end_after(const os::Fd& socket, const std::function<void()>& work);

}  // namespace cooper::sandbox
