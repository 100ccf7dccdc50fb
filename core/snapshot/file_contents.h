// The bytes of a layer's files, read one file after another: from a tree, or from a pack.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "snapshot/file_pack.h"
#include "snapshot/layer_index.h"

namespace cooper::snapshot {

class FileContents {
 public:
  virtual ~FileContents() = default;
  // Goes to the beginning of `file`, an entry of the layer's index (kFile). Quickest in the index's order.
  virtual void begin(const Entry& file) = 0;
  // The next bytes of it; 0 at its end.
  virtual std::size_t read(base::MutableByteSpan buffer) = 0;
  virtual std::string shown(const Entry& file) const = 0;  // for people: where its bytes are
};

std::unique_ptr<FileContents> contents_of_tree(const std::string& tree);
std::unique_ptr<FileContents> contents_of_pack(std::shared_ptr<const FilePack> pack);

}  // namespace cooper::snapshot
