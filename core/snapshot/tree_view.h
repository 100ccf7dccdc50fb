// A read-only file tree that COPY can read from: a merged stack of layers, a build context.
//
// Paths are relative and clean, as in Entry; "" is the root. Implementations are safe to read from several
// threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "os/fd.h"
#include "snapshot/entry.h"

namespace cooper::snapshot {

class TreeView {
 public:
  virtual ~TreeView() = default;

  // lstat: the entry at `path`, where no parent is a symlink; nullopt when there is none. Hardlinks appear as
  // kFile, with the same `link_group()`.
  virtual std::optional<Entry> lookup(const std::string& path) const = 0;
  // The children of the directory `path`, sorted by name; empty when it is none. Entry::path is the full
  // path.
  virtual std::vector<Entry> list(const std::string& path) const = 0;
  // Opens a file's bytes for reading. Throws Error{kIo}.
  virtual os::Fd open(const std::string& path) const = 0;
  // Whether open() gives files of the store that nobody changes, so that another layer may share their
  // inodes.
  virtual bool has_immutable_files() const { return false; }
  // SHA-256 of a file's bytes, remembered.
  virtual base::Digest content_digest(const Entry& entry) const = 0;
  // Two entries with the same non-empty group are hardlinks of one another.
  virtual std::string link_group(const Entry& entry) const = 0;
};

// Follows symlinks inside the tree, which is its own root: "link/x" → "dir/x". Components that do not exist
// are kept as they are. `follow_last` says whether a symlink at the end is followed too. Throws
// Error{kContext} after 255 links (a loop).
std::string resolve_symlinks(const TreeView& tree, const std::string& path, bool follow_last);

}  // namespace cooper::snapshot
