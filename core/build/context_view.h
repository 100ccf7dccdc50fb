// A part of a tree as a build context of its own: what lies below a directory, without what an ignore file
// names.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "context/pattern_matcher.h"
#include "snapshot/tree_view.h"

namespace cooper::build {

class ContextView final : public snapshot::TreeView {
 public:
  // What lies at `directory` of `tree`, "" for all of it. Throws Error{kContext} where that is no directory.
  ContextView(std::shared_ptr<const snapshot::TreeView> tree, const std::string& directory);

  // From now on without what `ignored` matches; a directory stays while something below it does.
  void ignore(const context::PatternMatcher& ignored, base::ThreadPool& pool);

  std::optional<snapshot::Entry> lookup(const std::string& path) const override;
  std::vector<snapshot::Entry> list(const std::string& path) const override;
  os::Fd open(const std::string& path) const override;
  bool has_immutable_files() const override { return tree_->has_immutable_files(); }
  base::Digest content_digest(const snapshot::Entry& entry) const override;
  std::string link_group(const snapshot::Entry& entry) const override;

 private:
  bool is_hidden(const std::string& path) const { return hidden_.contains(path); }
  snapshot::Entry inside(snapshot::Entry entry) const;
  snapshot::Entry outside(snapshot::Entry entry) const;

  const std::shared_ptr<const snapshot::TreeView> tree_;
  std::string directory_;  // real path, "" for the root
  std::set<std::string> hidden_;
};

}  // namespace cooper::build
