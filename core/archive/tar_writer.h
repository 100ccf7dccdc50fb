// Writes tars as layers want them: ustar where it fits, a pax header for what does not (long or non-ASCII
// names, large numbers, xattrs, sub-second times), numeric owners without names. The same entries give the
// same bytes.
//
// Headers and small contents are gathered in a buffer, so that a tree of small files costs a sink call per
// 128 KiB and not three per file. What was added is in `out` only after finish().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "archive/tar_entry.h"
#include "base/bytes.h"

namespace cooper::archive {

class TarWriter {
 public:
  explicit TarWriter(base::ByteSink& out);

  // Writes the header. For files exactly entry.size bytes of content must follow through write_content().
  // Throws Error{kUnsupported} naming the entry for what no tar can say: a NUL in a name, '=' in the name of
  // an xattr.
  void begin(const TarEntry& entry);
  // Throws Error{kIo} for more than the entry's size.
  void write_content(base::ByteSpan data);
  // Reads exactly entry.size bytes from `content`; throws Error{kIo} when there are fewer or more.
  void add(const TarEntry& entry, base::ByteSource& content);
  // For entries without content.
  void add(const TarEntry& entry);
  // Two zero blocks; does not finish the sink.
  void finish();

 private:
  void end_content();
  void put(base::ByteSpan data);
  void put_zeros(std::size_t count);
  void put_pax_header(const TarEntry& entry, const std::string& records);
  void flush();

  base::ByteSink& out_;
  std::string path_;  // of the entry whose content is being written, for errors
  std::uint64_t remaining_ = 0;
  std::size_t padding_ = 0;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t used_ = 0;
};

}  // namespace cooper::archive
