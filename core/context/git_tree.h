// A checkout as a build context, the same for equal commits whoever checked it out: files are 0644 or 0755,
// directories 0755, owned by 0:0, and as old as the commit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "context/local_tree.h"
#include "os/beneath.h"
#include "snapshot/tree_view.h"

namespace cooper::context {

class GitTree final : public snapshot::TreeView {
 public:
  // `checkout` is removed with this; `time` is the commit's, seconds since the epoch.
  GitTree(os::TempDir checkout, std::int64_t time);

  std::optional<snapshot::Entry> lookup(const std::string& path) const override;
  std::vector<snapshot::Entry> list(const std::string& path) const override;
  os::Fd open(const std::string& path) const override { return files_.open(path); }
  base::Digest content_digest(const snapshot::Entry& entry) const override;
  std::string link_group(const snapshot::Entry&) const override { return ""; }

 private:
  snapshot::Entry normalized(snapshot::Entry entry) const;

  os::TempDir checkout_;
  LocalTree files_;
  std::int64_t time_;
};

}  // namespace cooper::context
