// The last act of a step's process on the tiers without mounts: gives up what the builder could do, and
// becomes the stub, which becomes the program.
#pragma once

#include "sandbox/bind_table.h"
#include "sandbox/init.h"
#include "sandbox/spec.h"
#include "sandbox/tier.h"

namespace cooper::sandbox {

struct EmulatedProgram {
  Tier tier;
  const Spec& spec;
  const BindTable& binds;
  const os::Fd& stub;
  const SeccompFilter& filter;
  const StepFds& fds;
};

// As run_program(): a failing set-up is reported on the socket; a program that is not there ends with 127.
[[noreturn]] void run_emulated_program(const EmulatedProgram& program);

}  // namespace cooper::sandbox
