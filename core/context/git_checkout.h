// Writes the files of a commit, as git would check them out, into a directory.
//
// A tree is hostile: names that git refuses ("..", ".git" in any disguise) are refused, nothing is written
// through a link or over something that is there, and depth is bounded. No hook and no filter program is run
// (so no LFS); line endings and $Id$ are as the commit's own .gitattributes ask for. Modes are 0644, 0755 for
// programs and directories; times are those of writing: GitTree shows the commit's.
#pragma once

#include <stop_token>
#include <string>

#include "context/git_repository.h"

namespace cooper::context {

struct GitCheckoutOptions {
  std::string subdir;  // relative and clean; "" for all of it
  bool submodules = true;
  bool keep_git_dir = false;  // with .git; only for all of it, not for a subdirectory
};

// `revision` was fetched; its submodules are fetched here, recursively. `directory` exists and is empty.
// Throws Error{kContext} naming what is missing or refused, Error{kCorrupt}, retryable, when fetched objects
// turn out to be damaged: they are forgotten then, and another fetch() and check_out() has them anew.
void check_out(const GitRepository& repository, const GitRevision& revision,
               const GitCheckoutOptions& options, const std::string& directory, const std::stop_token& stop);

}  // namespace cooper::context
