// From all that lies in overlay's upper directory to what a layer lists, as BuildKit's have it: changed paths
// and all their parent directories, but never the root.
//
// What was copied up and is as it was is no change. A directory that was removed and made again is opaque to
// overlay; listed is what of the old one is gone, by a whiteout each, and what in the new one is not the
// same.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "snapshot/directory_reader.h"
#include "snapshot/merged_view.h"

namespace cooper::snapshot {

// Whether an entry of the upper directory has a fresh time that is older than the step. Safe to call from
// several threads; may be empty: none has.
using WasFresh = std::function<bool(const Entry&)>;

// `all` is sorted, before and after. What is dropped is also removed from `upper`, unless an opaque directory
// would then hide it. Throws Error{kIo}.
void keep_changes(std::vector<FoundEntry>& all, const std::string& upper, const MergedView& lower,
                  base::ThreadPool& pool, const WasFresh& was_fresh);

}  // namespace cooper::snapshot
