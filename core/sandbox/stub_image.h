// The stub (stub/abi.h) as it lies in cooper's own program, and ways to execute it.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "os/fd.h"

namespace cooper::sandbox {

// The whole ELF file.
std::span<const std::byte> stub_image();

// An executable, read-only descriptor of the stub: a memory file, else a file without a name in `directory`
// where memory may not be executed. Throws Error{kIo}; Error{kUnsupported} when neither can be executed.
os::Fd open_stub(const std::string& directory);

}  // namespace cooper::sandbox
