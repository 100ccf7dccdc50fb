// The .git directory that goes with a checkout: a repository of this one commit, as "git clone --depth=1" has
// it.
//
// HEAD is detached at the commit; the branch or tag that it was asked for by is there, an annotated tag with
// its object; the remote "origin" has the URL without credentials. It has no hooks, no reflog and no times of
// its own, and the index knows nothing of the files on disk, so equal commits give equal bytes with the same
// version of libgit2 (which packs) and zlib (which compresses). Private to context.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "context/git_repository.h"

namespace cooper::context {

struct GitDirectory {
  std::string path;       // where it is made; the parent exists
  std::string work_tree;  // "" when it is <work tree>/.git; else relative to `path`
  // Submodules that are checked out: name → URL.
  std::vector<std::pair<std::string, std::string>> submodules;
};

void write_git_directory(const GitDirectory& directory, const GitRepository& repository,
                         const GitRevision& revision, const std::stop_token& stop);

}  // namespace cooper::context
