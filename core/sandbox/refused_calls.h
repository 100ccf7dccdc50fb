// What a step asked of the kernel that its tier cannot answer: for the line that explains a failed step.
#pragma once

#include <string>
#include <vector>

#include "sandbox/board.h"

namespace cooper::sandbox {

// "mount (3 times)", "unshare": by name, most frequent first.
std::vector<std::string> refused_calls(const Board& board);

}  // namespace cooper::sandbox
