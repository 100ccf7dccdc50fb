// From what a step did in a farm to the upper directory that an overlay would have been left with.
#pragma once

#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "snapshot/directory_reader.h"
#include "snapshot/inode_notes.h"
#include "snapshot/merged_view.h"
#include "snapshot/upper_changes.h"

namespace cooper::snapshot {

struct FarmChange {
  std::string path;
  bool with_all_below = false;
};

// All paths of the farm and of the layers below it: for when nobody knows what was changed.
std::vector<FarmChange> everything_changed();

// What lies at the changed paths, with all directories that lead there, sorted: entries as the step saw them,
// and a whiteout for each path that `lower` has and the farm no more. Sockets are removed from the farm.
// `form` as for build_farm(). Throws Error{kIo}.
std::vector<FoundEntry> find_farm_changes(const std::string& farm, const std::vector<FarmChange>& changes,
                                          const MergedView& lower, Form form, const InodeNotes& notes);

// The layer of a step that ran in `farm`, a farm of `lower`: its index, and its tree in `upper`, an empty
// directory, whose files are hard links to the farm's. The farm is then one of `lower` and that layer: what
// the step touched and left as it was has its own time again, and `notes` say how many names files have. No
// process may be writing any more. Throws Error{kIo}.
LayerIndex index_farm(const std::string& farm, const std::vector<FarmChange>& changes,
                      const std::string& upper, Form form, const MergedView& lower, InodeNotes& notes,
                      base::ThreadPool& pool, const WasFresh& was_fresh = {});

}  // namespace cooper::snapshot
