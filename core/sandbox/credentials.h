// Who a step's program is: user, groups, capabilities, limits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/seccomp_filter.h"
#include "sandbox/spec.h"

namespace cooper::sandbox {

// Docker's default capability set, as a bit mask over CAP_* numbers.
std::uint64_t default_capabilities();

// "nofile=1024:2048" or "nofile=1024" applied to this process; throws Error{kUsage} for a malformed one,
// Error{kIo} when refused. The limits of open files are never less than `least_open_files`.
void apply_ulimits(const std::vector<std::string>& ulimits, std::uint64_t least_open_files = 0);

// Becomes the step's user and groups. Throws Error{kIo}.
void set_ids(const Spec& spec);

// This process keeps of its capabilities those in `mask` only, none to be passed on by other users' programs.
// Throws Error{kIo}.
void limit_capabilities(std::uint64_t mask);

// Turns this process from the set-up's root into the step's user, for good: bounding set, system call filter,
// groups, ids, capabilities. no_new_privs stays off, so that setuid programs and file capabilities work as in
// BuildKit. Throws Error.
void become_step_user(const Spec& spec, const SeccompFilter& filter);

}  // namespace cooper::sandbox
