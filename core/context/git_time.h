// The commit that a work tree has checked out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cooper::context {

// The committer's time of HEAD in the git work tree that holds `directory`, seconds since the epoch; nullopt
// when there is none, or no commit yet. Runs no hook and no git program.
std::optional<std::int64_t> head_commit_time(const std::string& directory);

}  // namespace cooper::context
