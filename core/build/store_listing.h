// `cooper cache ls`: what lies in a store, in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/store.h"

namespace cooper::build {

struct StoreRow {
  std::string kind;  // layer, blob, mount, source, record, work
  std::string id;    // in full; "" for a row that stands for many items
  std::size_t count = 1;
  std::uint64_t size = 0;      // bytes on the disk
  std::int64_t last_used = 0;  // nanoseconds since the epoch, 0 where nobody knows
  std::string what;            // the instruction that made a layer, what a blob looks like
};

struct StoreListing {
  std::vector<StoreRow> rows;  // used last first; all records are one row, and the work of running builds
  std::uint64_t total = 0;     // bytes; more than all rows, by what is too small for one
};

StoreListing list_store(const store::Store& store);  // throws Error{kIo}

}  // namespace cooper::build
