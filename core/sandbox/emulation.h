// Whether this machine can run programs of another architecture: natively, or through a binfmt_misc handler.
//
// Found out by doing: a program of a few instructions that exits with 0 is written and started. What an
// architecture's number in ELF headers and its exit system call are: the ELF specification's e_machine
// values, and Linux' arch/*/include/uapi/asm/unistd.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cooper::sandbox {

// The smallest program for `architecture` (as OCI spells it: "arm64"): a static ELF executable that exits
// with 0. Empty for an architecture that is not known.
std::string exit_program(std::string_view architecture);
// All that exit_program() knows.
std::vector<std::string> known_architectures();

// Writes the program into `directory`, which must allow execution, and starts it. False for an unknown
// architecture. Throws Error{kIo} when the directory cannot be written to.
bool can_execute(std::string_view architecture, const std::string& directory);

}  // namespace cooper::sandbox
