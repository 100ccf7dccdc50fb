// The last act of a step's process: becomes the step's user and executes the program.
#pragma once

#include <string>
#include <vector>

#include "sandbox/init.h"
#include "sandbox/spec.h"

namespace cooper::sandbox {

// Runs in the process that becomes the program, inside the new root. A failing set-up is reported on
// `fds.socket`; a program that cannot be executed ends with 127 (not found) or 126, and says so on its
// stderr, as a shell does.
[[noreturn]] void run_program(const Spec& spec, const SeccompFilter& filter, const StepFds& fds);

// Says "cannot run 'NAME': REASON" on stderr, as a shell does, and ends with 127 for ENOENT, else 126.
[[noreturn]] void report_unstarted(const std::string& name, int failure);
inline constexpr int kCannotExecute = 126;

// For execve(2): null at the end, good as long as `texts` is.
std::vector<char*> pointers(const std::vector<std::string>& texts);

// The files that `name` may mean, in order: itself when it has a slash, else one in each directory of PATH in
// `env` (Docker's default when unset).
std::vector<std::string> program_candidates(const std::string& name, const std::vector<std::string>& env);

}  // namespace cooper::sandbox
