// /proc, /dev and /sys of a step, as Docker's containers see them.
#pragma once

#include <cstdint>
#include <string>

#include "sandbox/mount_point.h"
#include "sandbox/spec.h"

namespace cooper::sandbox {

// An empty, unwritable directory of the scratch space, in the current directory.
inline constexpr const char* kEmptyDirectory = "empty";

// Mounts all three onto the root of `points`. The current directory is the scratch space. Throws base::Error.
void mount_system_directories(const Spec& spec, MountPoints& points);

std::string octal(std::uint32_t mode);  // "1777"

}  // namespace cooper::sandbox
