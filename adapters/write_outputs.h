// Writes the files that hand results back.
#pragma once

#include <string>
#include <vector>

#include "adapters/adapter.h"

namespace cooper::adapters {

// Each whole or not at all; relative paths lie below `workspace`, and no link that the checkout brought leads
// them out of it. What is appended goes behind the last line break with a single write. Throws
// Error{kIo} that names the file, what it is for and the platform's setting.
void write_outputs(const std::vector<OutputFile>& files, const std::string& workspace);

}  // namespace cooper::adapters
