// Whether a layer of the store is whole: a reading of its index and a walk of its trees that opens no file.
#pragma once

#include <string>

#include "store/usage.h"

namespace cooper::snapshot {

// What is wrong with a layer that has an index, "" for nothing: the index does not parse, neither tree nor
// pack is there, the pack has another size, or a tree lacks an entry or has a file of another size. Contents
// are not read: they have no digest of their own until somebody asks. What we may not look into, because it
// belongs to another user, is taken on trust.
std::string find_layer_damage(const store::Item& item);

}  // namespace cooper::snapshot
