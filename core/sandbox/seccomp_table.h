// Names of the system calls that the default profile allows without looking at arguments. The facts are those
// of moby's default profile (github.com/moby/profiles, 2026-08) for Docker's default capabilities.
#pragma once

#include <string_view>

namespace cooper::sandbox {

// Separated by spaces; names that an architecture does not have are passed over.
std::string_view allowed_system_calls();

// Calls that libseccomp 2.5 has no name for. From 424 on all architectures share their numbers.
struct NumberedCall {
  std::string_view name;
  int number;
};
int number_of_newer_call(std::string_view name);  // -1: not one of them

// The newest call whose permission was decided; what is above answers ENOSYS.
inline constexpr int kNewestKnownCall = 466;

}  // namespace cooper::sandbox
