// What the headers of one tar member say, put together: ustar, GNU's long names and pax, global and local.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tar_entry.h"
#include "archive/tar_format.h"

namespace cooper::archive::tar {

// What extended headers say about the member after them.
struct Extended {
  std::vector<PaxRecord> globals;  // for all members after them
  std::vector<PaxRecord> pax;
  std::string long_name;
  std::string long_link;

  // The pax value of `key`, the last as later records override earlier ones; null when there is none.
  const std::string* find(std::string_view key) const;
  // Whether something was said about the next member alone.
  bool pending() const { return !pax.empty() || !long_name.empty() || !long_link.empty(); }
  // Forgets what was said about one member.
  void clear_local();
  void add_globals(std::vector<PaxRecord> records);
};

// Whether content follows a header of that type. Links, devices and directories of old tars carry the size of
// what they stand for, and no content.
bool has_content(char flag);

struct Member {
  TarEntry entry;            // size not filled in
  std::uint64_t stored = 0;  // bytes of content in the archive
};

// Throws Error{kCorrupt}, or kUnsupported for a type that is no file (multi-volume parts, volume labels).
Member read_member(const Block& header, const Extended& extended);

}  // namespace cooper::archive::tar
