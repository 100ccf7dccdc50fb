// Archives that users hand in (contexts, ADD), through libarchive: any tar, with gzip, bzip2, xz or zstd.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "archive/tar_entry.h"
#include "base/bytes.h"

namespace cooper::archive {

// Whether the stream's first bytes (512 or more, or all there are) are a tar, alone or compressed, that ADD
// unpacks. Decides by content, as BuildKit does: it must decompress and hold a valid first tar header.
bool is_unpackable(base::ByteSource& first_bytes);

// Calls `visit` with each entry and a source of its content, in the archive's order. Throws Error{kCorrupt}
// naming `what`. Paths are as stored.
void read_archive(base::ByteSource& in, const std::string& what,
                  const std::function<void(const TarEntry&, base::ByteSource&)>& visit);

}  // namespace cooper::archive
