// Records as items of the store: for whoever keeps house in it.
#pragma once

#include <optional>
#include <string>

#include "cache/record.h"
#include "store/usage.h"

namespace cooper::cache {

// The layer that the record in this file stands or falls with; "" for none, as where it names a blob that the
// layer can be had from again; nullopt when it cannot be read or is damaged.
std::optional<std::string> layer_of_record(const std::string& path);

// What is wrong with a record or a step's last record: it does not parse, or lies under another name than its
// key's. "" for nothing, also when it is gone.
std::string find_record_damage(const store::Item& item);

}  // namespace cooper::cache
