// Extended attributes that the disk cannot hold for us: records of the board.
#pragma once

#include <cstddef>
#include <sys/stat.h>

#include "sandbox/stub/abi.h"

namespace cooper::sandbox::stub {

// These need the table's lock. nullptr, false: there is none of that name.
XattrRecord* find_record(const TableEntry& entry, const char* name);
bool remove_record(TableEntry& entry, const char* name);
// Makes it, or replaces it; false: there is no room left, which the board notes.
bool put_record(TableEntry& entry, const char* name, const void* value, std::size_t size);
// What a record holds is copied to `value`; -1: there is none.
long read_record(const struct stat& file, const char* name, std::uint8_t (&value)[sizeof XattrRecord::value]);

}  // namespace cooper::sandbox::stub
