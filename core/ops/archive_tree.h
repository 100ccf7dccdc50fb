// An archive as a tree to read from: contexts that come as a tar.
//
// The archive decides nothing on disk: its names are kept in memory, where ".." is refused and symlinks are
// resolved inside the tree (ops/unpack.h); contents lie under numbers (ops/member_files.h), in a directory of
// their own that goes with the last user of the tree. Owners, modes and times are the archive's own, as in
// BuildKit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "context/pattern_matcher.h"
#include "ops/tree_builder.h"
#include "os/beneath.h"
#include "snapshot/tree_view.h"

namespace cooper::ops {

class ArchiveTree final : public snapshot::TreeView {
 public:
  // Unpacks what `in` gives, called `name` in errors, into `directory`. `now`, seconds since the epoch, is
  // the time of directories that the archive only implies. Throws Error{kCorrupt} and what `in` throws; then,
  // too, nothing is left.
  static std::shared_ptr<const ArchiveTree> unpack(base::ByteSource& in, const std::string& name,
                                                   os::TempDir directory, std::int64_t now);

  // The same tree without the paths that `ignored` matches; a directory stays while something below it does.
  std::shared_ptr<const ArchiveTree> without(const context::PatternMatcher& ignored) const;
  // The newest time of a file, seconds since the epoch; nullopt when there is no file.
  std::optional<std::int64_t> newest_file() const;

  std::optional<snapshot::Entry> lookup(const std::string& path) const override;
  std::vector<snapshot::Entry> list(const std::string& path) const override;
  os::Fd open(const std::string& path) const override;
  base::Digest content_digest(const snapshot::Entry& entry) const override;
  std::string link_group(const snapshot::Entry& entry) const override;

 private:
  ArchiveTree(std::shared_ptr<const os::TempDir> storage, std::vector<Addition> members);
  const Addition* find(const std::string& path) const;
  const Addition& file(const std::string& path) const;

  std::shared_ptr<const os::TempDir> storage_;
  std::vector<Addition> members_;  // in path_less order, every parent among them; no kHardlink
};

}  // namespace cooper::ops
