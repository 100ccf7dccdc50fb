// A directory as a build context: read in place, never transferred, never left.
//
// Only what is asked for is looked at. Ignored paths do not exist, except that an ignored directory does when
// a "!" pattern brings back something below it. Symlinks are entries, resolved by whoever reads; the walk
// itself never follows one out of the root. Owners are 0:0 as in BuildKit; sockets are empty files; FIFOs and
// devices are what they are. Times are the files' own. Extended attributes are not taken over, though
// BuildKit does: they tell of the machine that made the checkout (SELinux labels), git does not record them,
// and the image must not depend on them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "context/digest_cache.h"
#include "context/pattern_matcher.h"
#include "os/beneath.h"
#include "snapshot/tree_view.h"

namespace cooper::context {

class LocalTree final : public snapshot::TreeView {
 public:
  // Throws Error{kContext} when `directory` is none.
  // `digests` is asked before a file is hashed, and told the result; null: remembered in this tree only.
  LocalTree(const std::string& directory, PatternMatcher ignore,
            std::shared_ptr<DigestCache> digests = nullptr);
  ~LocalTree() override;

  std::optional<snapshot::Entry> lookup(const std::string& path) const override;
  std::vector<snapshot::Entry> list(const std::string& path) const override;
  os::Fd open(const std::string& path) const override;
  // Throws Error{kContext} when the file is gone, no longer as large as `entry` says, or has not the digest
  // that this tree gave for it before.
  base::Digest content_digest(const snapshot::Entry& entry) const override;
  std::string link_group(const snapshot::Entry& entry) const override;

  // Whether an existing path is hidden by the ignore file (for the CopyIgnoredFile lint and for hints).
  bool is_ignored(const std::string& path) const;
  const std::string& directory() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// All entries below and at `path` (which may be a file), parents first, in path_less order. Directories are
// read on `pool`.
std::vector<snapshot::Entry> walk(const snapshot::TreeView& tree, const std::string& path,
                                  base::ThreadPool& pool);
// Fills Entry::content of every file, hashing on `pool`.
void hash_contents(const snapshot::TreeView& tree, std::vector<snapshot::Entry>& entries,
                   base::ThreadPool& pool);

}  // namespace cooper::context
