// ADD of a git repository, and contexts that are one.
//
// A ref is asked for once a build, so that everything in it sees the same commit, and its objects are fetched
// then: keys need the commit's time. It is checked out only when something must read it. The same commit,
// subdirectory and choices give the same identity wherever they come from; with .git the URL, the ref and the
// tag count, too, because it holds them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "context/git_access.h"
#include "ops/remote_source.h"
#include "store/store.h"

namespace cooper::ops {

struct GitSourceOptions {
  context::GitAccess access;
  std::shared_ptr<store::Store> store;
  std::function<void(const std::string&)> warn;  // one line each; may be empty
};

class GitSources final : public RemoteSource {
 public:
  explicit GitSources(GitSourceOptions options);
  ~GitSources() override;

  PinnedSource pin(const graph::Op& op, const std::stop_token& stop) override;
  // Modes are 0644 and 0755, owners 0:0, times the commit's.
  std::shared_ptr<const snapshot::TreeView> open(const graph::Op& op, const std::stop_token& stop) override;
  // The commit's id in full.
  std::string commit(const graph::Op& op, const std::stop_token& stop);

 private:
  struct Location;  // what this build knows of one ref of one repository
  struct Tree;      // and of one checkout of it
  Location& pinned_location(const graph::GitSource& source, const std::stop_token& stop);
  void fetch(Location& location, const std::stop_token& stop);
  std::shared_ptr<const snapshot::TreeView> check_out(Location& location, const graph::GitSource& source,
                                                      const std::stop_token& stop);
  void warn(const std::string& text) const;

  const GitSourceOptions options_;
  using Key = std::pair<std::string, std::string>;  // URL, ref
  base::Guarded<std::map<Key, std::unique_ptr<Location>>> locations_;
  base::Guarded<std::map<base::Digest, std::unique_ptr<Tree>>> trees_;  // by the op's digest
};

}  // namespace cooper::ops
