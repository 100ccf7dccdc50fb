// What the environment does not say, read from the checkout itself.
#pragma once

#include "adapters/record.h"

namespace cooper::adapters {

// Fills commit, commit_time, branch, repository_url (with its path) and default_branch where they are empty,
// from the .git of record.workspace (a directory, or a worktree's file). Believes it only when it has the
// record's commit. No, a broken or an unknown repository is none: never throws.
void fill_from_checkout(Record& record);

}  // namespace cooper::adapters
