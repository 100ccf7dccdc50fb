// The bytes of all files of a layer in one file, one after another in the order of its index.
//
// A layer of many small files that no step runs on needs no tree: making and removing an inode for each costs
// several times what its bytes cost. The pack is the same in every form, as it holds bytes only, and a tree
// can be made of it at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "os/fd.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {

class FilePack {
 public:
  // Opens the pack of `index`. Throws Error{kIo}, and Error{kCorrupt} when it has not the size that the index
  // says.
  FilePack(const std::string& path, std::shared_ptr<const LayerIndex> index);

  const std::string& path() const { return path_; }
  // Reads bytes of `file`, an entry of the index itself (kFile), from `offset` on; 0 at its end.
  std::size_t read(const Entry& file, std::uint64_t offset, base::MutableByteSpan buffer) const;
  // A copy of the file in memory, which is why only layers of small files are packed. Throws Error{kIo}.
  os::Fd open(const Entry& file) const;

 private:
  std::string path_;
  os::Fd pack_;
  std::shared_ptr<const LayerIndex> index_;
  std::vector<std::uint64_t> offsets_;  // of each entry of the index, in bytes
};

// Whether files of these sizes (bytes) are better off in a pack.
bool belong_in_pack(const std::vector<std::uint64_t>& sizes);

}  // namespace cooper::snapshot
