// Documents as files of a directory that others may have written to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "cache/backend.h"

namespace cooper::cache {

// The folder of a kind: "records", "steps", "mounts".
std::string_view document_folder(DocumentKind kind);
inline constexpr std::string_view kDocumentSuffix = ".json";
inline constexpr std::size_t kLargestDocument = 64 << 20;  // bytes; a COPY of half a million files

// The text of the file at `path`; nullopt when there is none. A restored cache is not to be trusted: no
// symlink is followed, a FIFO cannot block us, a large file is not read. Throws Error{kCorrupt|kIo} for
// anything else.
std::optional<std::string> read_document_file(const std::string& path);
// Puts `draft`, a finished file, at `path`, making the directory when it is missing. Throws Error{kIo}.
void place_document_file(const std::string& draft, const std::string& path);

}  // namespace cooper::cache
