// `cooper ci env --json`: what a job was read into, and where each field is from.
#pragma once

#include <string>

#include "adapters/record.h"

namespace cooper::adapters {

// One object; fields that the platform does not say are null, so that every record has the same ones.
std::string record_json(const Record& record);

}  // namespace cooper::adapters
