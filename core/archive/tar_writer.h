// Writes tars as layers want them: ustar where it fits, a pax header for what does not (long or non-ASCII
// names, large numbers, xattrs, sub-second times), numeric owners without names. The same entries give the
// same bytes.
#pragma once

#include <cstdint>

#include "archive/tar_entry.h"
#include "base/bytes.h"

namespace cooper::archive {

class TarWriter {
 public:
  explicit TarWriter(base::ByteSink& out) : out_(out) {}

  // Writes the header. For files exactly entry.size bytes of content must follow through write_content().
  void begin(const TarEntry& entry);
  void write_content(base::ByteSpan data);
  // Reads exactly entry.size bytes from `content`; throws Error{kIo} when there are fewer or more.
  void add(const TarEntry& entry, base::ByteSource& content);
  // For entries without content.
  void add(const TarEntry& entry);
  // Two zero blocks; does not finish the sink.
  void finish();

 private:
  void end_content();
  base::ByteSink& out_;
  std::uint64_t remaining_ = 0;
  std::uint64_t padding_ = 0;
};

}  // namespace cooper::archive
