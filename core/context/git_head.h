// What a git work tree has checked out, and where it is from, without running git or anything of the
// repository's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cooper::context {

struct GitHead {
  std::string commit;                // 40 hex digits
  std::optional<std::int64_t> time;  // the committer's, seconds since the epoch; nullopt when it is not here
  std::string branch;                // "main"; "" when HEAD is detached
  std::string origin_url;            // of the remote "origin", as it is written: may hold credentials
  std::string default_branch;        // of the remote "origin", as far as the clone noted it
};

// Of the work tree whose root `directory` is; shallow, partial and linked ones, too. With a `commit`, full,
// that is asked for instead of HEAD's, and the branch is only given when HEAD is that. nullopt when there is
// no repository, no commit yet, or not this one; for whatever cannot be read.
std::optional<GitHead> read_git_head(const std::string& directory, const std::string& commit = "");

}  // namespace cooper::context
