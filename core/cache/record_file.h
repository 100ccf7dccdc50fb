// Records as files of a directory that others may have written to.
#pragma once

#include <optional>
#include <string>

#include "base/digest.h"
#include "cache/record.h"

namespace cooper::cache {

// The record at `path`, which must be that of `key`, by its key or its content key; nullopt when there is no
// file. A restored cache is not to be trusted: no symlink is followed, a FIFO cannot block us, a large file
// is not read. Throws Error{kCorrupt|kIo} for anything else.
std::optional<Record> read_record_file(const std::string& path, const base::Digest& key);
// The text alone.
std::optional<std::string> read_record_text(const std::string& path);

}  // namespace cooper::cache
