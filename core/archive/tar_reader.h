// Reads the tars of layers: ustar, pax and GNU (long names, base-256 numbers, sparse files), as a stream.
//
// Hostile input: header checksums are verified, header records are limited to 1 MiB, sizes may not wrap, and
// sparse maps must be ordered and lie inside the file. Paths are given as stored: whoever unpacks must
// resolve them beneath its root. Throws Error{kCorrupt} with the entry's number and name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "archive/tar_entry.h"
#include "base/bytes.h"

namespace cooper::archive {

class TarReader {
 public:
  explicit TarReader(base::ByteSource& in);
  ~TarReader();

  // The next entry, or nullopt at the end of the archive (the rest of `in` is read and dropped). Unread
  // content of the previous entry is skipped.
  std::optional<TarEntry> next();
  // Content of the current file, holes of sparse files as zeros; 0 at its end.
  std::size_t read(base::MutableByteSpan buffer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cooper::archive
