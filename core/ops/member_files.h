// The contents of an archive's members while its tree is in use: a tree of names that only unpacking knows.
//
// Small files are packed into one, and opened as files in memory: making and removing an inode costs more
// than they do. Large ones lie in a file of their own. Not safe to add to from several threads; once nothing
// is added any more, to read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "os/fd.h"
#include "snapshot/tree_view.h"

namespace cooper::ops {

class MemberFiles final : public snapshot::TreeView {
 public:
  // Keeps everything in `directory`, which outlives it and holds nothing else.
  explicit MemberFiles(std::string directory);

  struct Kept {
    std::string path;  // what open() knows it by
    base::Digest digest;
  };
  // Takes all of `content`, announced as `size` bytes, of the member `name`. Throws Error{kIo} at once when
  // the disk has no room for so much.
  Kept keep(base::ByteSource& content, std::uint64_t size, const std::string& name);
  const std::string& directory() const { return directory_; }

  // Nobody looks for members by their place.
  std::optional<snapshot::Entry> lookup(const std::string&) const override { return std::nullopt; }
  std::vector<snapshot::Entry> list(const std::string&) const override { return {}; }
  os::Fd open(const std::string& path) const override;
  base::Digest content_digest(const snapshot::Entry& entry) const override;
  std::string link_group(const snapshot::Entry&) const override { return {}; }

 private:
  struct Place {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  void check_room(std::uint64_t size, const std::string& name) const;
  std::uint64_t copy(base::ByteSource& content, int file, Kept& kept, const std::string& name);
  Place place(const std::string& path) const;
  std::string read_packed(const Place& place) const;

  std::string directory_;
  os::Fd packed_;
  std::uint64_t packed_size_ = 0;
  int large_ = 0;  // how many have a file of their own
  std::vector<std::byte> buffer_;
};

}  // namespace cooper::ops
