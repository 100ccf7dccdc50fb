// Archives that users hand in (contexts, ADD), through libarchive: any tar, with gzip, bzip2, xz or zstd.
//
// libarchive only parses: nothing here touches the disk, and no other format or filter of its many is
// enabled. Names and values are bytes, independent of the locale. Memory is bounded but for xz and zstd,
// whose window the archive chooses (xz: up to what its header asks for, at most 1 GiB).
#pragma once

#include <functional>
#include <string>

#include "archive/tar_entry.h"
#include "base/bytes.h"

namespace cooper::archive {

// Whether the file that `content` reads from its start is a tar, alone or compressed, that ADD unpacks.
// Decides by content, as BuildKit does: it must decompress and hold a valid first tar header. Reads no more
// than that takes (bzip2 needs up to 900 kB); passes on errors of `content` itself.
bool is_unpackable(base::ByteSource& content);

// Calls `visit` with each entry and a source of its content (valid during the call; what is left unread is
// skipped), in the archive's order. Throws Error{kCorrupt} naming `what`; exceptions of `visit` and `in` pass
// through. Paths are as stored, but for the trailing slash of directories.
void read_archive(base::ByteSource& in, const std::string& what,
                  const std::function<void(const TarEntry&, base::ByteSource&)>& visit);

}  // namespace cooper::archive
