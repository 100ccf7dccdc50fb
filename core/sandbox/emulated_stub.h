// The stub's program (stub/abi.h) as a descriptor that can be executed.
#pragma once

#include <string>

#include "os/fd.h"

namespace cooper::sandbox {

// Whether there is a stub for the processor that cooper was built for.
bool have_stub();

// An executable memory file, or, where those may not be executed, a nameless file in `work_directory`.
// Invalid where have_stub() is false. Throws Error{kIo}.
os::Fd open_stub(const std::string& work_directory);

}  // namespace cooper::sandbox
