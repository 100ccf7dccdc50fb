// Whether what lies in a store is what it says: the part that needs no knowledge of layers and records.
#pragma once

#include <stop_token>
#include <string>

#include "store/usage.h"

namespace cooper::store {

// Reads a blob as a whole. What is wrong with it, "" for nothing, also when it is gone. Throws
// Error{kCancelled}.
std::string find_blob_damage(const Item& item, const std::stop_token& stop);

}  // namespace cooper::store
