// Extended attributes that the disk cannot hold for us: records of the board.
#pragma once

#include "sandbox/stub/abi.h"

namespace cooper::sandbox::stub {

// Both need the table's lock. nullptr, false: there is none of that name.
XattrRecord* find_record(const TableEntry& entry, const char* name);
bool remove_record(TableEntry& entry, const char* name);

}  // namespace cooper::sandbox::stub
